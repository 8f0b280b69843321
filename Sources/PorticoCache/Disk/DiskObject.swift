internal import PorticoBytes
internal import Synchronization

/// One object as it stands on disk: its head in memory, its body still in the segment, which stays
/// readable as long as this lives.
///
/// No byte of the body leaves unverified: each block of 256 KiB is checked before the first use
/// since the process started.
package final class DiskObject: Sendable {
    package let key: DiskKey
    package let location: DiskLocation
    private let store: DiskStore
    private let segment: Segment
    private let head: RecordHead
    /// The record from its beginning: all of it if it is small, else up to the body.
    package let bytes: [UInt8]
    /// Which blocks were checked; nil: all of them.
    private let unverified: Mutex<[Bool]?>

    init(
        _ store: DiskStore, _ key: DiskKey, _ location: DiskLocation, _ segment: Segment,
        _ head: RecordHead, _ bytes: [UInt8]
    ) {
        self.store = store
        self.key = key
        self.location = location
        self.segment = segment
        self.head = head
        self.bytes = bytes
        // A small body has just been read anew, and is checked as quickly as it is asked about.
        let isHere = bytes.count >= head.bodyOffset + head.bodyLength
        let isVerified = head.bodyLength == 0 || location.has(.verified) && !isHere
        unverified = Mutex(isVerified ? nil : Array(repeating: false, count: head.blockCount))
    }

    // MARK: - Its head

    package var status: UInt16 { head.status }
    package var times: DiskTimes { head.times }
    package var fillSequence: UInt64 { head.fillSequence }
    package var flags: UInt32 { head.flags }
    package var bodyLength: Int { head.bodyLength }

    // Where the parts stand in `bytes`.
    package var keyBytes: Range<Int> { range(RecordHead.byteCount, head.keyLength) }
    package var variantKey: Range<Int> { range(keyBytes.upperBound, head.variantLength) }
    package var responseHead: Range<Int> { range(variantKey.upperBound, head.headLength) }
    package var tags: Range<Int> { range(responseHead.upperBound, head.tagsLength) }
    package var annex: Range<Int> { range(tags.upperBound, head.annexLength) }

    private func range(_ start: Int, _ count: Int) -> Range<Int> { start..<start + count }

    // MARK: - Its body

    /// Where the body stands in `bytes`, if it came along with the head; it may be used once
    /// `verify` has said so. nil: it is read in parts.
    package var smallBody: Range<Int>? {
        if bytes.count >= head.bodyOffset + bodyLength { return range(head.bodyOffset, bodyLength) }
        return bodyLength == 0 ? 0..<0 : nil
    }

    /// A part of the body; nil if it is not what was written, and then the object is forgotten.
    package func read(_ range: Range<Int>) -> [UInt8]? {
        precondition(range.lowerBound >= 0 && range.upperBound <= bodyLength)
        guard verify(range) else { return nil }
        if let body = smallBody {
            return Array(
                bytes[body.lowerBound + range.lowerBound..<body.lowerBound + range.upperBound])
        }
        return load(range)
    }

    /// Checks the blocks that hold this part of the body; false if it is not what was written, and
    /// then the object is forgotten. After this, the part may be sent from the file
    /// (`descriptor`, from `fileOffset` on).
    package func verify(_ range: Range<Int>) -> Bool {
        let bytes = bytes
        return unverified.withLock { verified in
            guard var blocks = verified else { return true }
            let size = RecordHead.blockBytes
            for number in range.lowerBound / size..<(range.upperBound + size - 1) / size
            where !blocks[number] {
                let start = number * size
                let part = start..<min(bodyLength, start + size)
                let sum: UInt64?
                if let body = smallBody {
                    // Small enough to be one block.
                    sum = Checksum.of(bytes.span.extracting(body))
                } else {
                    sum = load(part).map { Checksum.of($0.span) }
                }
                guard sum == bytes.span.uint64(at: head.tableOffset + 8 * number) else {
                    store.discard(key, location)
                    return false
                }
                blocks[number] = true
            }
            if blocks.allSatisfy({ $0 }) {
                verified = nil
                if smallBody == nil { store.index.mark(key, location, .verified) }
            } else {
                verified = blocks
            }
            return true
        }
    }

    private func load(_ range: Range<Int>) -> [UInt8]? {
        do throws(DiskFault) {
            return try segment.file.readAll(range.count, at: fileOffset + range.lowerBound)
        } catch {
            store.tally.faults.add(1, ordering: .relaxed)
            return nil
        }
    }

    /// The segment's file, for `sendfile`; open as long as this object lives.
    package var file: any StoredFile { segment.file }
    package var descriptor: Int32? { segment.file.descriptor }
    /// Where in the file the body begins.
    package var fileOffset: Int { location.offset + head.bodyOffset }
}

extension DiskStore {
    /// Records up to this are read whole, with one call.
    private static let wholeBytes = 64 << 10

    /// Reads the head of what the index named, and a small body with it. nil: it is gone, damaged,
    /// cannot be read, or belongs to another key; a miss in any case.
    package func open(_ key: DiskKey, _ location: DiskLocation, is keyBytes: Span<UInt8>)
        -> DiskObject?
    {
        guard let segment = segments.withLock({ $0[location.segment] }) else {
            index.remove(key, location)
            return nil
        }
        let isWhole = location.byteCount <= Self.wholeBytes
        let count = isWhole ? location.byteCount : location.bodyOffset
        let bytes: [UInt8]
        do throws(DiskFault) {
            // The last record's padding may lie behind the end of a file that was not set aside.
            var room = [UInt8](repeating: 0, count: count)
            _ = try segment.file.readAll(into: &room, 0..<count, at: location.offset)
            bytes = room
        } catch {
            tally.faults.add(1, ordering: .relaxed)
            index.remove(key, location)
            return nil
        }
        let seed = Segment.seed(secret, id: segment.id, offset: location.offset)
        guard let head = RecordHead(bytes.span, seed: seed), head.kind == .object,
            head.byteCount == location.byteCount, head.bodyOffset == location.bodyOffset,
            head.partsChecksum
                == Checksum.of(
                    bytes.span.extracting(
                        RecordHead.byteCount..<RecordHead.byteCount + head.partsBytes),
                    seed: secret)
        else {
            discard(key, location)
            return nil
        }
        let object = DiskObject(self, key, location, segment, head, bytes)
        guard bytes.span.extracting(object.keyBytes).equals(keyBytes) else { return nil }
        if !location.has(.hot) { index.mark(key, location, .hot) }
        return object
    }

    /// What is not what was written is not asked for again.
    func discard(_ key: DiskKey, _ location: DiskLocation) {
        index.remove(key, location)
        tally.damaged.add(1, ordering: .relaxed)
    }
}
