internal import Glibc
internal import PorticoCache
internal import PorticoLoop
internal import Synchronization

/// Where the bodies of the memory store lie: a file without a name and without a device, from which
/// the kernel sends straight to a socket.
///
/// Addresses are set aside for much more than there will ever be, so that an address and its place
/// in the file are the same number but for a constant.
@safe final class BodyFile: ChunkBacking {
    private let segment: SegmentFile
    // SAFETY: mapped for good; only ever handed out in parts, and never freed.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    private let reserved: Int
    private let used = Mutex(0)

    var file: any StoredFile { segment }

    /// `memory`: the budget of the store. Nil where the system has no such files, or no such
    /// addresses.
    init?(memory: Int) {
        do throws(IOFault) {
            segment = SegmentFile(try RandomAccessFile(inMemoryNamed: "portico-bodies"))
        } catch { return nil }
        // Sizes of chunks change over the years of a process; that costs addresses only.
        reserved = min(max(memory, 1 << 30) * 16, 1 << 42)
        let base = unsafe mmap(
            nil, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else { return nil }
        unsafe self.base = base
    }

    deinit { unsafe munmap(base, reserved) }

    func grow(by count: Int) -> UnsafeMutableRawPointer? {
        used.withLock { used in
            guard used + count <= reserved, let descriptor = segment.descriptor,
                (try? segment.file.truncate(to: used + count)) != nil
            else { return nil }
            let mapped = unsafe mmap(
                base + used, count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor,
                used)
            guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { return nil }
            used += count
            return unsafe mapped
        }
    }

    func offset(of address: UnsafeMutableRawPointer) -> Int? {
        let offset = unsafe address - base
        return offset >= 0 && offset < reserved ? offset : nil
    }
}
