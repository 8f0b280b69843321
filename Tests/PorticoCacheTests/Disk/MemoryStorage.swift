import PorticoBytes
import Synchronization

@testable import PorticoCache

/// A folder in memory that fails on demand, and of which a crash leaves what had been written.
final class MemoryStorage: SegmentStorage {
    final class Content: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    struct State {
        var files: [String: Content] = [:]
        /// Bytes that may still be written before the process is killed within a write; nil: never.
        var untilKilled: Int?
        /// Writes and allocations beyond this many bytes find no space.
        var capacity = Int.max
        var readFault: DiskFault?
        var writeFault: DiskFault?
        var syncFault: DiskFault?
        /// The most that one call takes or gives.
        var most = Int.max
        var syncs = 0
        var highWater = 0
    }

    let state = Mutex(State())

    init() {}

    /// A copy of what is there, as another process would find it.
    func copy() -> MemoryStorage {
        let other = MemoryStorage()
        for (name, bytes) in contents { other.put(name, bytes) }
        return other
    }

    var contents: [String: [UInt8]] {
        state.withLock { $0.files.mapValues { $0.bytes.withLock { $0 } } }
    }

    var byteCount: Int { contents.values.reduce(0) { $0 + $1.count } }

    func put(_ name: String, _ bytes: [UInt8]) {
        let content = Content()
        content.bytes.withLock { $0 = bytes }
        state.withLock { $0.files[name] = content }
    }

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    // MARK: - SegmentStorage

    func names() throws(DiskFault) -> [String] { state.withLock { $0.files.keys.sorted() } }

    func open(_ name: String) throws(DiskFault) -> any StoredFile {
        guard let content = state.withLock({ $0.files[name] }) else { throw .system(2) }
        return MemoryFile(content, in: self)
    }

    func create(_ name: String) throws(DiskFault) -> any StoredFile {
        try spend(1)
        let content = Content()
        state.withLock { $0.files[name] = content }
        return MemoryFile(content, in: self)
    }

    func rename(_ name: String, to other: String) throws(DiskFault) {
        try spend(1)
        state.withLock { state in
            state.files[other] = state.files[name]
            state.files[name] = nil
        }
    }

    func remove(_ name: String) throws(DiskFault) {
        try spend(1)
        state.withLock { $0.files[name] = nil }
    }

    func synchroniseNames() throws(DiskFault) {}

    func release() {}
    func secret() -> UInt64 { 0x0123_4567_89AB_CDEF }

    /// A step that the process may not live to see.
    func spend(_ count: Int) throws(DiskFault) {
        guard try spendUpTo(count) == count else { throw .system(9) }
    }

    func spendUpTo(_ count: Int) throws(DiskFault) -> Int {
        let granted = state.withLock { state in
            guard let rest = state.untilKilled else { return count }
            let granted = min(rest, count)
            state.untilKilled = rest - granted
            return granted
        }
        if granted == 0, count > 0 { throw .system(9) }
        return granted
    }

    fileprivate func held() -> Int {
        state.withLock { $0.files.values.reduce(0) { $0 + $1.bytes.withLock { $0.count } } }
    }
}

final class MemoryFile: StoredFile {
    private let content: MemoryStorage.Content
    private let storage: MemoryStorage
    let size: Int

    init(_ content: MemoryStorage.Content, in storage: MemoryStorage) {
        self.content = content
        self.storage = storage
        size = content.bytes.withLock { $0.count }
    }

    var descriptor: Int32? { nil }
    func isAtHand(_ range: Range<Int>) -> Bool { true }

    func read(
        into bytes: inout [UInt8], _ range: Range<Int>, at offset: Int
    ) throws(DiskFault) -> Int {
        let (fault, most) = storage.state.withLock { ($0.readFault, $0.most) }
        if let fault { throw fault }
        let found = content.bytes.withLock { content in
            let end = min(content.count, offset + min(range.count, most))
            return offset < end ? Array(content[offset..<end]) : []
        }
        bytes.replaceSubrange(range.lowerBound..<range.lowerBound + found.count, with: found)
        return found.count
    }

    func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskFault) -> Int {
        let (fault, most) = storage.state.withLock { ($0.writeFault, $0.most) }
        if let fault { throw fault }
        let count = try storage.spendUpTo(min(bytes.count, most))
        try grow(to: offset + count)
        let part = bytes.extracting(0..<count).array
        content.bytes.withLock { content in
            content.replaceSubrange(offset..<offset + part.count, with: part)
        }
        return count
    }

    private func grow(to count: Int) throws(DiskFault) {
        let more = count - content.bytes.withLock { $0.count }
        if more <= 0 { return }
        let held = storage.held() + more
        let hasRoom = storage.state.withLock { state in
            guard held <= state.capacity else { return false }
            state.highWater = max(state.highWater, held)
            return true
        }
        guard hasRoom else { throw .full }
        content.bytes.withLock { $0 += [UInt8](repeating: 0, count: more) }
    }

    func allocate(_ count: Int, grows: Bool) throws(DiskFault) {
        try storage.spend(1)
        if grows { try grow(to: count) }
    }

    func truncate(to count: Int) throws(DiskFault) {
        try storage.spend(1)
        try grow(to: count)
        content.bytes.withLock { $0.removeLast($0.count - count) }
    }

    func synchronise() throws(DiskFault) {
        let fault = storage.state.withLock { state in
            state.syncs += 1
            return state.syncFault
        }
        if let fault { throw fault }
        try storage.spend(1)
    }
}
