internal import PorticoBytes
package import PorticoSettings

/// `[limits]`: what a peer may ask of us. Each bound stands against somebody who sends more only
/// because it costs us and not him.
package struct LimitsSettings: Equatable, Sendable {
    /// A request head. (PURGE and BAN from addresses that may purge: `purgeHeaderBytes`.)
    package var headerBytes = 64 << 10
    /// Fields of a request head.
    package var headerCount = 128
    /// An origin's head: shops send 64–160 kB of tags, and none may be cut off.
    package var responseHeaderBytes = 384 << 10
    package var uriBytes = 16 << 10
    /// A request body.
    package var bodyBytes = 100 << 20
    /// For a whole request head.
    package var headerTimeout = Duration.seconds(10)
    /// Between two reads of a body.
    package var bodyTimeout = Duration.seconds(30)
    /// For a kept connection on which nothing happens.
    package var idleTimeout = Duration.seconds(60)
    /// Client connections of the process.
    package var connections = 100_000
    package var connectionsPerIP = 1024
    /// Of one HTTP/2 connection, at a time.
    package var streamsPerConnection = 128

    /// A head of PURGE or BAN from an address that may purge: Magento sends all tags in one field.
    package static let purgeHeaderBytes = 384 << 10

    package init() {}

    package init(from section: inout Section) {
        section.readBytes(
            "header_bytes", into: &headerBytes, within: .kibibytes(1)...(.mebibytes(16)))
        section.read("header_count", into: &headerCount, within: 1...10_000)
        section.readBytes(
            "response_header_bytes", into: &responseHeaderBytes,
            within: .kibibytes(1)...(.mebibytes(16)))
        section.readBytes("uri_bytes", into: &uriBytes, within: ByteCount(64)...(.mebibytes(1)))
        // Zero would mean "none" to some and "no limit" to others.
        section.readBytes("body_bytes", into: &bodyBytes, within: ByteCount(1)...ByteCount(.max))
        section.read(
            "header_timeout", into: &headerTimeout, within: .milliseconds(100)...(.seconds(3600)))
        section.read(
            "body_timeout", into: &bodyTimeout, within: .milliseconds(100)...(.seconds(3600)))
        section.read(
            "idle_timeout", into: &idleTimeout, within: .milliseconds(100)...(.seconds(86_400)))
        section.readCount("connections", into: &connections, within: 1...10_000_000)
        section.readCount("connections_per_ip", into: &connectionsPerIP, within: 1...10_000_000)
        section.read("streams_per_connection", into: &streamsPerConnection, within: 1...10_000)
        section.finish()
    }
}
