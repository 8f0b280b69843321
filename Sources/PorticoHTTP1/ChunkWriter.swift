package import PorticoBytes
package import PorticoHTTP

/// Writes the framing around chunks (RFC 9112 §7.1).
package enum ChunkWriter {
    /// The line before `count` bytes of data, at least one: an empty chunk would end the body.
    package static func begin(_ count: Int, into buffer: inout Buffer) {
        precondition(count > 0, "an empty chunk would end the body")
        buffer.append(hexadecimal: UInt64(count))
        buffer.append("\r\n")
    }

    /// Behind the data of a chunk.
    package static func end(into buffer: inout Buffer) { buffer.append("\r\n") }

    /// The last chunk and the trailers.
    package static func finish(trailers: borrowing Fields, into buffer: inout Buffer) {
        buffer.append("0\r\n")
        HeadWriter.writeFields(trailers, into: &buffer)
        buffer.append("\r\n")
    }
}
