internal import PorticoBytes
internal import Synchronization

/// One segment file, open. Whoever reads from it retains it: a segment that was reclaimed stays
/// readable until its last reader is done, and counts against the bound until then.
final class Segment: Sendable {
    static let headBytes = 64
    private static let magic: UInt64 = 0x3153_4F43_4954_524F
    private static let version: UInt32 = 1

    let id: UInt32
    let file: any StoredFile
    let byteCount: Int
    /// Stands behind `file`, so that the file is closed before its bytes are given back.
    private let tenure: Tenure

    init(id: UInt32, file: any StoredFile, byteCount: Int, ledger: ByteLedger) {
        self.id = id
        self.file = file
        self.byteCount = byteCount
        tenure = Tenure(byteCount, ledger)
    }

    /// The file has no name any more.
    func markRemoved() { tenure.endsWithFile.store(true, ordering: .relaxed) }

    var name: String { Self.name(id) }

    static func name(_ id: UInt32) -> String {
        let digits = String(id, radix: 16)
        return "segment-" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    static func id(of name: String) -> UInt32? {
        guard name.hasPrefix("segment-"), name.utf8.count == 16 else { return nil }
        return UInt32(name.dropFirst(8), radix: 16)
    }

    // MARK: - Its head

    ///     0 magic  8 version  12 id  16 zero  56 checksum, under the store's secret
    static func head(id: UInt32, secret: UInt64) -> Buffer {
        var buffer = Buffer(capacity: headBytes)
        buffer.append(number: magic)
        buffer.append(number: version)
        buffer.append(number: id)
        buffer.append(zeros: 40)
        let checksum = Checksum.of(buffer.bytes, seed: secret)
        buffer.append(number: checksum)
        return buffer
    }

    /// Whether this is a segment of this version, this store and this name.
    static func isHead(_ bytes: Span<UInt8>, id: UInt32, secret: UInt64) -> Bool {
        head(id: id, secret: secret).bytes.equals(bytes)
    }

    /// What a record's head at `offset` is checked with.
    static func seed(_ secret: UInt64, id: UInt32, offset: Int) -> UInt64 {
        secret ^ (UInt64(id) << 32 | UInt64(offset)) &* 0x9E37_79B9_7F4A_7C15
    }
}

/// A file's share of the ledger.
private final class Tenure: Sendable {
    let endsWithFile = Atomic(false)
    private let byteCount: Int
    private let ledger: ByteLedger

    init(_ byteCount: Int, _ ledger: ByteLedger) {
        self.byteCount = byteCount
        self.ledger = ledger
        ledger.add(byteCount)
    }

    deinit {
        // Closing a file that still has a name gives nothing back.
        if endsWithFile.load(ordering: .relaxed) { ledger.subtract(byteCount) }
    }
}

/// How many bytes files of the store take, those without a name included.
final class ByteLedger: Sendable {
    private let bytes = Atomic(0)

    var held: Int { bytes.load(ordering: .relaxed) }
    func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }
    func subtract(_ count: Int) { bytes.subtract(count, ordering: .relaxed) }
}

/// Walks through a segment from its first record on.
///
/// Behind a record that cannot be read, it looks for the next one at each multiple of 64: only the
/// record's own place and the store's secret make its checksum right.
struct SegmentScan: ~Copyable {
    private static let windowBytes = 1 << 20

    private let segment: Segment
    private let secret: UInt64
    private var window: [UInt8] = []
    private var windowStart = 0
    private var windowCount = 0
    private var position = Segment.headBytes
    private var isLost = false
    /// Where the next record can be written.
    private(set) var end = Segment.headBytes
    /// Stretches that should have been records and are none.
    private(set) var skipped = 0

    init(_ segment: Segment, secret: UInt64) {
        self.segment = segment
        self.secret = secret
    }

    /// The next record and where it is.
    mutating func next() throws(DiskFault) -> (offset: Int, head: RecordHead)? {
        while position + RecordHead.byteCount <= segment.byteCount {
            if position + RecordHead.byteCount > windowStart + windowCount {
                guard try fill() else { break }
            }
            if let head = headHere() {
                let offset = position
                if isLost { skipped += 1 }
                isLost = false
                end = offset + head.byteCount
                position = end
                return (offset, head)
            }
            isLost = true
            position += DiskGeometry.unit
        }
        return nil
    }

    private func headHere() -> RecordHead? {
        let start = position - windowStart
        let bytes = window.span.extracting(start..<start + RecordHead.byteCount)
        // Most places that are no record say so at once.
        guard bytes.uint32(at: 0) == RecordHead.magic,
            let head = RecordHead(
                bytes, seed: Segment.seed(secret, id: segment.id, offset: position)),
            position + head.byteCount <= segment.byteCount
        else { return nil }
        return head
    }

    private mutating func fill() throws(DiskFault) -> Bool {
        if window.isEmpty {
            window = [UInt8](repeating: 0, count: min(Self.windowBytes, segment.byteCount))
        }
        windowStart = position
        windowCount = 0
        let wanted = min(window.count, segment.byteCount - position)
        while windowCount < wanted {
            let count = try segment.file.read(
                into: &window, windowCount..<wanted, at: windowStart + windowCount)
            if count == 0 { break }
            windowCount += count
        }
        return windowCount >= RecordHead.byteCount
    }
}
