internal import CPorticoLinux
internal import Glibc
package import PorticoBytes

/// A file without a name that lies in memory, to be handed to another process. Closed with its
/// last owner.
package final class MemoryFile: Sendable {
    package let descriptor: Int32

    package init(named name: String) throws(IOFault) {
        let result = unsafe px_memory_file(name)
        if result < 0 { throw .system(-result) }
        descriptor = result
    }

    /// Takes over a descriptor.
    package init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { px_close(descriptor) }

    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(IOFault) {
        var done = 0
        while done < bytes.count {
            // SAFETY: the kernel copies before the call returns.
            let written = unsafe bytes.extracting(done...).withUnsafeBytes { raw in
                unsafe px_write_at(descriptor, raw.baseAddress, raw.count, Int64(offset + done))
            }
            if written <= 0 { throw .system(written < 0 ? Int32(-written) : EIO) }
            done += Int(written)
        }
    }

    /// From now on, for everybody and for good, neither its bytes nor its size change.
    package func seal() throws(IOFault) {
        let result = px_seal(descriptor)
        if result < 0 { throw .system(-result) }
    }

    package var count: Int { max(0, Int(px_file_size(descriptor))) }

    /// Lends its first `count` bytes piece by piece; fewer are a fault. Safe whatever others do to
    /// the file meanwhile.
    package func forEachPiece(
        of count: Int, _ body: (Span<UInt8>) -> Void
    ) throws(IOFault) {
        var buffer = Buffer(capacity: Self.piece)
        var offset = 0
        while offset < count {
            buffer.removeAll()
            var error: Int32 = 0
            let wanted = min(Self.piece, count - offset)
            let read = unsafe buffer.append(upTo: wanted) { free in
                let read = unsafe px_read_at(
                    descriptor, free.baseAddress, wanted, Int64(offset))
                if read <= 0 { error = read < 0 ? Int32(-read) : EIO }
                return Int(max(0, read))
            }
            if error != 0 { throw .system(error) }
            buffer.withBytes(body)
            offset += read
        }
    }

    private static let piece = 64 << 10

    /// Lends its first `count` bytes at once. Only for a sealed file: another one could be cut off
    /// under the reader.
    package func withBytes<R, E: Error>(
        of count: Int, _ body: (Span<UInt8>) throws(E) -> R
    ) throws(E) -> R? {
        if count == 0 { return try body(Span()) }
        guard let start = unsafe px_map(descriptor, count) else { return nil }
        defer { unsafe px_unmap(start, count) }
        // SAFETY: the mapping lives until the deferred call, and a sealed file keeps its size.
        let bytes = unsafe Span<UInt8>(
            _unsafeBytes: UnsafeRawBufferPointer(start: start, count: count))
        return try body(bytes)
    }
}

extension Stream {
    /// Sends one message with the files, all of it or nothing; for connections that keep
    /// messages apart.
    package func sendNow(_ message: Span<UInt8>, with files: [MemoryFile]) throws(IOFault) {
        let descriptors = files.map(\.descriptor)
        // SAFETY: the kernel copies before the call returns.
        let result = unsafe message.withUnsafeBytes { raw in
            unsafe px_send_with(
                descriptor, raw.baseAddress, raw.count, descriptors, Int32(descriptors.count))
        }
        if result < 0 { throw .system(-result) }
    }
}

/// The other end of a confined process's connection: it waits for messages, one at a time.
package struct MessageSocket: ~Copyable {
    private let descriptor: Int32

    /// The one that a confined process is started with.
    package static var inherited: MessageSocket { MessageSocket(descriptor: 3) }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next message, at most `most` bytes of it, and its files. Nil: the peer has gone, or
    /// sent what is no message.
    package func receive(upTo most: Int) -> (message: [UInt8], files: [MemoryFile])? {
        var bytes = [UInt8](repeating: 0, count: most)
        var descriptors: [Int32] = [-1, -1, -1, -1]
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            unsafe px_receive_with(descriptor, raw.baseAddress, raw.count, &descriptors, 4)
        }
        let files = descriptors.filter { $0 >= 0 }.map { MemoryFile(adopting: $0) }
        guard count > 0 else { return nil }
        bytes.removeLast(most - Int(count))
        return (bytes, files)
    }

    /// Whether the message has gone.
    package func send(_ message: Span<UInt8>) -> Bool {
        // SAFETY: the kernel copies before the call returns.
        unsafe message.withUnsafeBytes { raw in
            unsafe px_send_with(descriptor, raw.baseAddress, raw.count, nil, 0) == 0
        }
    }
}
