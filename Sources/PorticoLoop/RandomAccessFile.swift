internal import CPorticoLinux
internal import Glibc

/// An open file whose reads and writes name their place, so that threads may share it.
///
/// All of it blocks on the disk, reading only where the page cache has nothing.
package final class RandomAccessFile: Sendable {
    package let descriptor: Int32
    /// Bytes when it was opened.
    package let size: Int

    /// `isNew`: made empty, in place of one that stood there.
    package init(path: String, isNew: Bool) throws(IOFault) {
        let descriptor = unsafe px_open_file(path, isNew ? 1 : 0)
        if descriptor < 0 { throw .system(-descriptor) }
        let size = px_file_size(descriptor)
        if size < 0 {
            px_close(descriptor)
            throw .system(Int32(-size))
        }
        self.descriptor = descriptor
        self.size = Int(size)
    }

    /// An empty one without a name, that lies in memory.
    package init(inMemoryNamed name: String) throws(IOFault) {
        let descriptor = unsafe px_memory_file(name)
        if descriptor < 0 { throw .system(-descriptor) }
        self.descriptor = descriptor
        size = 0
    }

    deinit { px_close(descriptor) }

    /// Reads into that range of `bytes`; how many, 0 at the end.
    package func read(
        into bytes: inout [UInt8], _ range: Range<Int>, at offset: Int
    ) throws(IOFault) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        // SAFETY: the range lies in the array, which stays put during the call.
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            unsafe px_read_at(
                descriptor, raw.baseAddress.map { unsafe $0 + range.lowerBound }, range.count,
                Int64(offset))
        }
        if count < 0 { throw .system(Int32(-count)) }
        return Int(count)
    }

    /// Writes some of the bytes; how many.
    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(IOFault) -> Int {
        // SAFETY: the kernel copies before the call returns.
        let count = unsafe bytes.withUnsafeBytes { raw in
            unsafe px_write_at(descriptor, raw.baseAddress, raw.count, Int64(offset))
        }
        if count < 0 { throw .system(Int32(-count)) }
        return Int(count)
    }

    /// Sets aside space for the first `count` bytes; `grows`: the size becomes `count`.
    package func allocate(_ count: Int, grows: Bool) throws(IOFault) {
        try check(px_allocate(descriptor, Int64(count), grows ? 1 : 0))
    }

    package func truncate(to count: Int) throws(IOFault) {
        try check(px_truncate(descriptor, Int64(count)))
    }

    /// Whether the page cache has that part, as far as a look at some of its pages tells.
    package func isAtHand(_ range: Range<Int>) -> Bool {
        px_is_at_hand(descriptor, Int64(range.lowerBound), Int64(range.upperBound)) == 1
    }

    /// Returns when what was written is on the device.
    package func synchronise() throws(IOFault) { try check(px_synchronise(descriptor)) }

    private func check(_ status: Int32) throws(IOFault) {
        if status < 0 { throw .system(-status) }
    }
}

/// What one does with a folder.
package struct Folder: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    private final class Names { var names: [String] = [] }

    package func names() throws(IOFault) -> [String] {
        let found = Names()
        // SAFETY: `found` outlives the call, and the callback is not kept.
        let status = withExtendedLifetime(found) {
            unsafe px_list_folder(path, Unmanaged.passUnretained(found).toOpaque()) {
                context, name in
                guard let context = unsafe context, let name = unsafe name else { return }
                unsafe Unmanaged<Names>.fromOpaque(context).takeUnretainedValue()
                    .names.append(String(cString: name))
            }
        }
        if status < 0 { throw .system(-status) }
        return found.names
    }

    package func open(_ name: String, isNew: Bool) throws(IOFault) -> RandomAccessFile {
        try RandomAccessFile(path: path + "/" + name, isNew: isNew)
    }

    package func rename(_ name: String, to other: String) throws(IOFault) {
        if unsafe Glibc.rename(path + "/" + name, path + "/" + other) == -1 { throw .system(errno) }
    }

    package func remove(_ name: String) throws(IOFault) {
        if unsafe unlink(path + "/" + name) == -1 { throw .system(errno) }
    }

    /// Returns when names that were given and taken are on the device.
    package func synchronise() throws(IOFault) {
        let status = unsafe px_synchronise_folder(path)
        if status < 0 { throw .system(-status) }
    }

    /// Holds the folder for this process as long as the answer lives; nil where another one has it.
    package func claim() throws(IOFault) -> FolderClaim? {
        let descriptor = unsafe px_claim_folder(path)
        if descriptor == -EWOULDBLOCK { return nil }
        if descriptor < 0 { throw .system(-descriptor) }
        return FolderClaim(descriptor)
    }

    /// Of the file system that holds it: bytes in all, and those that are free to this process.
    package func space() throws(IOFault) -> (total: Int, available: Int) {
        var total: Int64 = 0
        var available: Int64 = 0
        let status = unsafe px_disk_space(path, &total, &available)
        if status < 0 { throw .system(-status) }
        return (Int(total), Int(available))
    }
}

/// That a folder belongs to this process; the kernel takes it back when the process ends.
package final class FolderClaim: Sendable {
    private let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { px_close(descriptor) }

    /// Lets others claim it.
    package func release() { flock(descriptor, LOCK_UN) }
}
