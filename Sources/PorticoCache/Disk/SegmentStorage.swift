/// One open file of the store. Reads and writes name their place, so that threads may share it.
/// It is closed when nobody refers to it any more.
package protocol StoredFile: AnyObject, Sendable {
    /// Bytes when it was opened.
    var size: Int { get }
    /// For `sendfile`; nil where there is none.
    var descriptor: Int32? { get }
    /// Whether that part can be read without waiting for the device; a guess.
    func isAtHand(_ range: Range<Int>) -> Bool

    /// Reads up to `range.count` bytes into that range of `bytes`; fewer are an answer, 0 the end.
    func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: Int)
        throws(DiskFault) -> Int
    /// Writes some of the bytes, at least one; how many.
    func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskFault) -> Int
    /// Sets aside space for the first `count` bytes, which read as zeros until they are written.
    /// `grows`: the file's size becomes `count`. Where the file system cannot, it does nothing
    /// but set the size.
    func allocate(_ count: Int, grows: Bool) throws(DiskFault)
    func truncate(to count: Int) throws(DiskFault)
    /// Returns when what was written is on the device.
    func synchronise() throws(DiskFault)
}

/// The folder of the store. Tests replace it by memory that fails on demand.
package protocol SegmentStorage: Sendable {
    func names() throws(DiskFault) -> [String]
    func open(_ name: String) throws(DiskFault) -> any StoredFile
    /// A new empty file, in place of one that had this name.
    func create(_ name: String) throws(DiskFault) -> any StoredFile
    func rename(_ name: String, to other: String) throws(DiskFault)
    func remove(_ name: String) throws(DiskFault)
    /// Returns when names that were given and taken are on the device.
    func synchroniseNames() throws(DiskFault)
    /// A number that nobody can guess.
    func secret() -> UInt64
    /// From here on another process may have the folder; files that are open can still be read.
    func release()
}

extension StoredFile {
    /// Fills the range; false if the file ends before.
    func readAll(into bytes: inout [UInt8], _ range: Range<Int>, at offset: Int)
        throws(DiskFault) -> Bool
    {
        var done = 0
        while done < range.count {
            let rest = range.lowerBound + done..<range.upperBound
            let count = try read(into: &bytes, rest, at: offset + done)
            if count == 0 { return false }
            done += count
        }
        return true
    }

    func readAll(_ count: Int, at offset: Int) throws(DiskFault) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return try readAll(into: &bytes, 0..<count, at: offset) ? bytes : nil
    }

    func writeAll(_ bytes: Span<UInt8>, at offset: Int) throws(DiskFault) {
        var done = 0
        while done < bytes.count {
            let count = try write(bytes.extracting(done..<bytes.count), at: offset + done)
            // A device that takes nothing and names no reason has no room.
            if count == 0 { throw .full }
            done += count
        }
    }
}

/// How the bytes of `cache.disk` are divided: segments, and a journal that while it is rewritten
/// exists twice.
package struct DiskGeometry: Equatable, Sendable {
    /// Of each new segment.
    package let segmentBytes: Int
    /// For all segments together.
    package let segmentsBudget: Int
    /// For each of the two journals.
    package let journalBytes: Int

    /// The most that all of it takes.
    var diskBytes: Int { segmentsBudget + 2 * journalBytes }

    /// Each of them is an open file.
    package var segmentCount: Int { segmentsBudget / segmentBytes }

    /// A place within a segment has 20 bits, in units of 64 bytes.
    static let unit = 64
    static let largestSegment = unit << 20

    init(segmentBytes: Int, segments: Int, journalBytes: Int) {
        self.segmentBytes = segmentBytes
        segmentsBudget = segments * segmentBytes
        self.journalBytes = journalBytes
    }

    /// nil if that is too little to be worth a store.
    package init?(diskBytes: Int) {
        guard diskBytes >= 1 << 20 else { return nil }
        // Some 60 bytes a purge: a tag of each of 250,000 products in a store of 1 GiB.
        journalBytes = min(64 << 20, diskBytes / 64)
        segmentsBudget = diskBytes - 2 * journalBytes
        // Four at least: one is written, one is being given up, two are there to be read.
        let wanted = min(Self.largestSegment, max(diskBytes / 16, 4 << 20))
        segmentBytes = min(wanted, segmentsBudget / 4) & ~4095
    }
}
