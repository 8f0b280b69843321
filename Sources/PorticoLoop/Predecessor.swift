internal import CPorticoLinux
internal import PorticoBytes

/// The process whose place this one takes: the other end of `ChildProcess(successor:…)`.
///
/// Few short messages, each a text. Blocks: for the thread that starts the daemon, before it does
/// anything else.
package struct Predecessor: Sendable {
    /// More than any message has.
    package static let longest = 4096

    private let descriptor: Int32

    /// Nil: the number is no such connection's.
    package init?(inherited descriptor: Int32) {
        if px_take_over(descriptor, 0) < 0 { return nil }
        self.descriptor = descriptor
    }

    /// Whether it could be said.
    @discardableResult
    package func say(_ words: String) -> Bool {
        let bytes = Array(words.utf8)
        let status = unsafe bytes.withUnsafeBytes { raw in
            unsafe px_send_with(descriptor, raw.baseAddress, raw.count, nil, 0)
        }
        return status == 0
    }

    /// The next message; nil when none comes in time, or the other process has gone.
    package func hear(within patience: Duration) -> String? {
        let milliseconds = Int32(clamping: patience.nanoseconds / 1_000_000)
        guard px_wait_readable(descriptor, milliseconds) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.longest)
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            unsafe px_receive(descriptor, raw.baseAddress, raw.count)
        }
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<Int(count)], as: UTF8.self)
    }

    package func close() { px_close(descriptor) }
}
