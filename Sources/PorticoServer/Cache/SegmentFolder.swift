internal import Glibc
package import PorticoCache
package import PorticoLoop

/// The disk store's folder, as files.
package struct SegmentFolder: SegmentStorage {
    private let folder: Folder
    /// Two processes that write into the same segments would make one heap of rubbish of them.
    private let claim: FolderClaim

    /// Makes the folder where there is none. `EBUSY`: another process uses it.
    package init(path: String) throws(IOFault) {
        try Files.makeFolder(path)
        folder = Folder(path: path)
        guard let claim = try folder.claim() else { throw .system(EBUSY) }
        self.claim = claim
    }

    package func names() throws(DiskFault) -> [String] {
        do throws(IOFault) { return try folder.names() } catch { throw DiskFault(error) }
    }

    package func open(_ name: String) throws(DiskFault) -> any StoredFile {
        try file(name, isNew: false)
    }

    package func create(_ name: String) throws(DiskFault) -> any StoredFile {
        try file(name, isNew: true)
    }

    private func file(_ name: String, isNew: Bool) throws(DiskFault) -> any StoredFile {
        do throws(IOFault) {
            return SegmentFile(try folder.open(name, isNew: isNew))
        } catch { throw DiskFault(error) }
    }

    package func rename(_ name: String, to other: String) throws(DiskFault) {
        do throws(IOFault) { try folder.rename(name, to: other) } catch { throw DiskFault(error) }
    }

    package func remove(_ name: String) throws(DiskFault) {
        do throws(IOFault) { try folder.remove(name) } catch { throw DiskFault(error) }
    }

    package func synchroniseNames() throws(DiskFault) {
        do throws(IOFault) { try folder.synchronise() } catch { throw DiskFault(error) }
    }

    package func secret() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    package func release() { claim.release() }
}

/// A file of the store: what `DiskObject.file` is in the running server, so that `Stream` can send
/// from it.
package final class SegmentFile: StoredFile {
    package let file: RandomAccessFile

    package init(_ file: RandomAccessFile) { self.file = file }

    package var size: Int { file.size }
    package var descriptor: Int32? { file.descriptor }

    package func isAtHand(_ range: Range<Int>) -> Bool { file.isAtHand(range) }

    package func read(
        into bytes: inout [UInt8], _ range: Range<Int>, at offset: Int
    ) throws(DiskFault) -> Int {
        do throws(IOFault) {
            return try file.read(into: &bytes, range, at: offset)
        } catch { throw DiskFault(error) }
    }

    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskFault) -> Int {
        do throws(IOFault) {
            return try file.write(bytes, at: offset)
        } catch { throw DiskFault(error) }
    }

    package func allocate(_ count: Int, grows: Bool) throws(DiskFault) {
        do throws(IOFault) {
            try file.allocate(count, grows: grows)
        } catch { throw DiskFault(error) }
    }

    package func truncate(to count: Int) throws(DiskFault) {
        do throws(IOFault) { try file.truncate(to: count) } catch { throw DiskFault(error) }
    }

    package func synchronise() throws(DiskFault) {
        do throws(IOFault) { try file.synchronise() } catch { throw DiskFault(error) }
    }
}

extension DiskFault {
    init(_ fault: IOFault) {
        switch fault {
        case .system(let error) where [ENOSPC, EDQUOT, EFBIG].contains(error): self = .full
        case .system(let error): self = .system(error)
        // Files know neither deadlines nor interruptions.
        case .late, .interrupted: self = .system(EIO)
        }
    }
}
