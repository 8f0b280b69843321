import PorticoBytes
import PorticoCache
import Synchronization

/// A folder in memory that does as its test says, and that another process may find.
final class ScriptedDisk: SegmentStorage {
    final class Content: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    struct State {
        var files: [String: Content] = [:]
        /// What writing, syncing and changing names ends in.
        var fault: DiskFault?
        /// Of all files together.
        var capacity = Int.max
        var syncs = 0
        /// Whether files can be sent as they are, and what of them a page cache would have.
        var descriptor: Int32?
        var isAtHand = true
    }

    let state = Mutex(State())

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    /// The same bytes under a new process.
    func reopened() -> ScriptedDisk {
        let other = ScriptedDisk()
        for (name, content) in state.withLock({ $0.files }) {
            let copy = Content()
            let bytes = content.bytes.withLock { $0 }
            copy.bytes.withLock { $0 = bytes }
            other.set { $0.files[name] = copy }
        }
        return other
    }

    var byteCount: Int {
        state.withLock { $0.files.values.reduce(0) { $0 + $1.bytes.withLock { $0.count } } }
    }

    /// Turns a bit of the first place where `text` stands in a segment.
    func damage(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        for (name, content) in state.withLock({ $0.files }) where name.hasPrefix("segment") {
            let isDone = content.bytes.withLock { bytes in
                guard let start = bytes.firstRange(of: wanted)?.lowerBound else { return false }
                bytes[start] ^= 1
                return true
            }
            if isDone { return true }
        }
        return false
    }

    // MARK: - SegmentStorage

    func names() throws(DiskFault) -> [String] { state.withLock { $0.files.keys.sorted() } }

    func open(_ name: String) throws(DiskFault) -> any StoredFile {
        guard let content = state.withLock({ $0.files[name] }) else { throw .system(2) }
        return File(content, in: self)
    }

    func create(_ name: String) throws(DiskFault) -> any StoredFile {
        try check()
        let content = Content()
        set { $0.files[name] = content }
        return File(content, in: self)
    }

    func rename(_ name: String, to other: String) throws(DiskFault) {
        try check()
        set { $0.files[other] = $0.files.removeValue(forKey: name) }
    }

    func remove(_ name: String) throws(DiskFault) {
        // A full device lets go of what it has.
        let fault = state.withLock { $0.fault }
        if let fault, fault != .full { throw fault }
        set { $0.files[name] = nil }
    }

    func synchroniseNames() throws(DiskFault) {
        let fault = state.withLock { $0.fault }
        if let fault, fault != .full { throw fault }
    }

    func release() {}
    func secret() -> UInt64 { .random(in: 0 ... .max) }

    fileprivate func check(_ more: Int = 0) throws(DiskFault) {
        let (fault, capacity) = state.withLock { ($0.fault, $0.capacity) }
        if let fault { throw fault }
        if more > 0, byteCount + more > capacity { throw .full }
    }

    private final class File: StoredFile {
        private let content: Content
        private let disk: ScriptedDisk
        let size: Int

        init(_ content: Content, in disk: ScriptedDisk) {
            self.content = content
            self.disk = disk
            size = content.bytes.withLock { $0.count }
        }

        var descriptor: Int32? { disk.state.withLock { $0.descriptor } }
        func isAtHand(_ range: Range<Int>) -> Bool { disk.state.withLock { $0.isAtHand } }

        func read(
            into bytes: inout [UInt8], _ range: Range<Int>, at offset: Int
        ) throws(DiskFault) -> Int {
            let found = content.bytes.withLock { content in
                Array(content.dropFirst(offset).prefix(range.count))
            }
            bytes.replaceSubrange(
                range.lowerBound..<range.lowerBound + found.count, with: found)
            // As sendfile and read do: what was asked for is at hand afterwards.
            disk.set { $0.isAtHand = true }
            return found.count
        }

        func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskFault) -> Int {
            try grow(to: offset + bytes.count)
            var copy: [UInt8] = []
            for index in bytes.indices { copy.append(bytes[index]) }
            content.bytes.withLock {
                $0.replaceSubrange(offset..<offset + copy.count, with: copy)
            }
            return copy.count
        }

        private func grow(to count: Int) throws(DiskFault) {
            let more = max(0, count - content.bytes.withLock { $0.count })
            try disk.check(more)
            content.bytes.withLock { $0 += [UInt8](repeating: 0, count: more) }
        }

        func allocate(_ count: Int, grows: Bool) throws(DiskFault) {
            if grows { try grow(to: count) } else { try disk.check() }
        }

        func truncate(to count: Int) throws(DiskFault) {
            try disk.check()
            content.bytes.withLock { $0.removeLast(max(0, $0.count - count)) }
        }

        func synchronise() throws(DiskFault) {
            try disk.check()
            disk.set { $0.syncs += 1 }
        }
    }
}
