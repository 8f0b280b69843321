/// How much of a head or a trailer section is read before it is refused.
package struct HeadLimits: Sendable {
    /// The whole section from its first byte to the empty line, both included.
    package var bytes: Int
    /// Of a PURGE, PURGEKEYS or BAN, whose tags may be many; nil: as of any other.
    package var purgeBytes: Int?
    /// Field lines.
    package var lines: Int
    /// The request target. Responses and trailers have none.
    package var targetBytes: Int

    package init(bytes: Int = 65536, lines: Int = 128, targetBytes: Int = 16384) {
        self.bytes = bytes
        self.lines = lines
        self.targetBytes = targetBytes
    }
}
