internal import CPorticoLinux
internal import Glibc
internal import PorticoBytes

/// A descriptor that bytes are appended to; closing it is the owner's leaving scope.
package struct AppendFile: ~Copyable, Sendable {
    private let descriptor: Int32
    private let isOwned: Bool

    package init(path: String) throws(IOFault) {
        descriptor = unsafe px_open_append(path)
        if descriptor < 0 { throw .system(-descriptor) }
        isOwned = true
    }

    private init(standard descriptor: Int32) {
        self.descriptor = descriptor
        isOwned = false
    }

    package static func standardOutput() -> AppendFile { AppendFile(standard: 1) }
    package static func standardError() -> AppendFile { AppendFile(standard: 2) }

    deinit { if isOwned { px_close(descriptor) } }

    /// Writes all of it, waiting where the other side is slow.
    package func write(_ bytes: Span<UInt8>) throws(IOFault) {
        var done = 0
        while done < bytes.count {
            // SAFETY: the kernel copies before the call returns.
            let written = unsafe bytes.extracting(done...).withUnsafeBytes { raw in
                unsafe Glibc.write(descriptor, raw.baseAddress, raw.count)
            }
            if written >= 0 {
                done += written
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&wanted, 1, 1000)
            case let error: throw .system(error)
            }
        }
    }
}

/// Whole small files: configuration, keys, lists.
package enum Files {
    package static func read(
        _ path: String, upTo limit: Int = 64 << 20
    ) throws(IOFault) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor == -1 { throw .system(errno) }
        defer { Glibc.close(descriptor) }
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe Glibc.read(descriptor, &block, block.count)
            if count == 0 { return content }
            if count == -1 {
                if errno == EINTR { continue }
                throw .system(errno)
            }
            content.append(contentsOf: block[..<count])
            if content.count > limit { throw .system(EFBIG) }
        }
    }

    /// Writes a file that only its owner may read, in place of what stood there, whole or not
    /// at all.
    package static func replace(_ path: String, with content: [UInt8]) throws(IOFault) {
        let draft = path + ".new"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor == -1 { throw .system(errno) }
        var done = 0
        while done < content.count {
            let count = unsafe content.withUnsafeBytes { raw in
                unsafe Glibc.write(descriptor, raw.baseAddress! + done, raw.count - done)
            }
            if count == -1 {
                let error = errno
                if error == EINTR { continue }
                Glibc.close(descriptor)
                throw .system(error)
            }
            done += count
        }
        fsync(descriptor)
        Glibc.close(descriptor)
        if unsafe rename(draft, path) == -1 { throw .system(errno) }
    }

    /// Makes a folder and those above it, for its owner only.
    package static func makeFolder(_ path: String) throws(IOFault) {
        var built = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            built += part
            if !built.isEmpty, unsafe mkdir(built, 0o700) == -1, errno != EEXIST {
                throw .system(errno)
            }
            built += "/"
        }
    }

    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
