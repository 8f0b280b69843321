package import PorticoBytes
internal import Synchronization

/// Whoever holds this writes.
struct Writer: Sendable {
    enum Condition {
        case working
        case failing(until: Instant)
    }

    var condition = Condition.working
    /// The segment that is being filled.
    var segment: Segment?
    /// Where in it the next record begins.
    var position = 0
    var nextID: UInt32

    init(nextID: UInt32) { self.nextID = nextID }
}

extension DiskStore {
    /// Bodies are written in pieces of this size: whole blocks of checksums.
    fileprivate static let pieceBytes = 4 * RecordHead.blockBytes
    /// Parts and body up to this go in one write.
    private static let togetherBytes = 64 << 10

    /// Writes a whole object and makes it known. `body` hands over the body's pieces in their
    /// order, `bodyLength` bytes together. Blocks.
    ///
    /// The first 128 bytes are written last: until then there is no record, and what stood there
    /// for this key before still holds. A second small write, against a record in one piece that
    /// a kill can leave with a head and half a body, which would hide the older one.
    @discardableResult
    package func append(
        _ record: DiskRecord, bodyLength: Int, at now: Instant,
        body: (_ take: (Span<UInt8>) -> Void) -> Void
    ) throws(DiskFault) -> DiskLocation {
        let key = digest(record.key.span)
        let head = RecordHead(
            record, key: key, variant: variant(record.variantKey.span), bodyLength: bodyLength)
        return try writer.withLock { writer throws(DiskFault) in
            try guarded(&writer, at: now) { writer throws(DiskFault) in
                let location = try append(&writer, head, record, body)
                index.insert(key, location)
                return location
            }
        }
    }

    @discardableResult
    package func append(
        _ record: DiskRecord, body: Span<UInt8>, at now: Instant
    ) throws(DiskFault) -> DiskLocation {
        try append(record, bodyLength: body.count, at: now) { take in take(body) }
    }

    /// Removes a key's variant, so that it does not come back after a restart either (unless the
    /// machine loses power before the disk has it). Blocks.
    package func bury(_ key: DiskKey, variant: UInt32, at now: Instant) throws(DiskFault) {
        index.bury(key, variant: variant, under: nil)
        try writer.withLock { writer throws(DiskFault) in
            try guarded(&writer, at: now) { writer throws(DiskFault) in
                let void = DiskRecord(
                    key: [], status: 0, head: [], times: DiskTimes(receivedAt: 0),
                    fillSequence: .max)
                var head = RecordHead(void, key: key, variant: variant, bodyLength: 0)
                head.kind = .tombstone
                let location = try append(&writer, head, void) { _ in }
                if isLoading.load(ordering: .relaxed) {
                    index.bury(key, variant: variant, under: location)
                }
            }
        }
    }

    /// Returns when all that was appended is on the device.
    package func synchronise() throws(DiskFault) {
        try writer.withLock { writer throws(DiskFault) in try writer.segment?.file.synchronise() }
    }

    // MARK: - Failing and recovering

    private func guarded<Result>(
        _ writer: inout Writer, at now: Instant,
        _ work: (inout Writer) throws(DiskFault) -> Result
    ) throws(DiskFault) -> Result {
        if isGivenAway.load(ordering: .relaxed) { throw .givenAway }
        if case .failing(let until) = writer.condition, now < until {
            tally.refused.add(1, ordering: .relaxed)
            throw .resting
        }
        do throws(DiskFault) {
            let result = try work(&writer)
            if case .failing = writer.condition {
                tally.isFailing.store(false, ordering: .relaxed)
                report(.recovered)
            }
            writer.condition = .working
            return result
        } catch {
            guard error.isOfDisk else {
                tally.refused.add(1, ordering: .relaxed)
                throw error
            }
            tally.faults.add(1, ordering: .relaxed)
            if case .working = writer.condition { report(.failing(error)) }
            tally.isFailing.store(true, ordering: .relaxed)
            writer.condition = .failing(until: now + Self.patience)
            // The same place would fail again if it is the device's; a full disk leaves the
            // segment as good as it was.
            if error != .full { writer.segment = nil }
            throw error
        }
    }

    // MARK: - One record

    private func append(
        _ writer: inout Writer, _ head: RecordHead, _ record: DiskRecord,
        _ body: (_ take: (Span<UInt8>) -> Void) -> Void
    ) throws(DiskFault) -> DiskLocation {
        guard fits(head) else { throw .tooLarge }
        let segment = try admit(head, &writer)
        let offset = writer.position
        var piece = BodyPiece(
            file: segment.file, offset: offset + head.bodyOffset, rest: head.bodyLength)
        var buffer: [UInt8] = []
        buffer.reserveCapacity(min(head.bodyLength, Self.pieceBytes))
        body { bytes in piece.take(bytes, &buffer, Self.pieceBytes) }
        let location = try finish(segment, offset, head, record, &piece, buffer.span)
        writer.position += head.byteCount
        return location
    }

    /// The segment that takes the record, at `writer.position`.
    private func admit(
        _ head: RecordHead, _ writer: inout Writer
    ) throws(DiskFault) -> Segment {
        let segment = try room(for: head.byteCount, &writer)
        let isAdmitted = fences.withLock { fences in
            if head.fillSequence < fences.forgotten { return false }
            let lowest = fences.lowest[segment.id] ?? .max
            fences.lowest[segment.id] = min(lowest, head.fillSequence)
            return true
        }
        guard isAdmitted else { throw .outdated }
        return segment
    }

    /// Writes what follows the pieces that have been written, and then the parts and the head.
    fileprivate func finish(
        _ segment: Segment, _ offset: Int, _ head: RecordHead, _ record: DiskRecord,
        _ piece: inout BodyPiece, _ rest: Span<UInt8>
    ) throws(DiskFault) -> DiskLocation {
        if let fault = piece.fault { throw fault }
        guard piece.rest == 0 else { throw .wrongLength }
        piece.sumRest(rest)
        let isTogether = head.byteCount <= Self.togetherBytes
        var parts = Buffer(capacity: isTogether ? head.byteCount : head.bodyOffset)
        parts.append(record.key.span)
        parts.append(record.variantKey.span)
        parts.append(record.head.span)
        parts.append(record.tags.span)
        parts.append(record.annex.span)
        for sum in piece.sums { parts.append(number: sum) }
        var head = head
        head.partsChecksum = Checksum.of(parts.bytes, seed: secret)
        parts.append(zeros: head.bodyOffset - RecordHead.byteCount - parts.count)
        if isTogether {
            parts.append(rest)
        } else {
            try segment.file.writeAll(rest, at: piece.offset)
        }
        try segment.file.writeAll(parts.bytes, at: offset + RecordHead.byteCount)
        var buffer = Buffer(capacity: RecordHead.byteCount)
        head.append(to: &buffer, seed: Segment.seed(secret, id: segment.id, offset: offset))
        try segment.file.writeAll(buffer.bytes, at: offset)
        tally.written.add(1, ordering: .relaxed)
        tally.writtenBytes.add(head.byteCount, ordering: .relaxed)
        return DiskLocation(
            segment: segment.id, variant: head.variant, offset: offset,
            byteCount: head.byteCount, bodyOffset: head.bodyOffset)
    }
}

/// Room in a segment for one record whose body comes in pieces, over a longer time than the
/// writer could be held. Until it is finished there is no record: what a killed process leaves
/// is a gap. On one thread at a time.
package struct DiskReservation: ~Copyable, Sendable {
    fileprivate let store: DiskStore
    fileprivate let key: DiskKey
    fileprivate let segment: Segment
    fileprivate let offset: Int
    fileprivate let head: RecordHead
    fileprivate let record: DiskRecord
    fileprivate var piece: BodyPiece
    fileprivate var buffer: [UInt8] = []

    /// Whether more of the body is of any use.
    package var isWorking: Bool { piece.fault == nil && piece.rest >= 0 }

    /// Writes the body's next bytes. Blocks.
    package mutating func append(_ bytes: Span<UInt8>) {
        if store.isGivenAway.load(ordering: .acquiring) { piece.fault = .givenAway }
        piece.take(bytes, &buffer, DiskStore.pieceBytes)
    }
}

extension DiskStore {
    package func reserve(
        _ record: DiskRecord, bodyLength: Int, at now: Instant
    ) throws(DiskFault) -> DiskReservation {
        let key = digest(record.key.span)
        let head = RecordHead(
            record, key: key, variant: variant(record.variantKey.span), bodyLength: bodyLength)
        let (segment, offset) = try writer.withLock { writer throws(DiskFault) in
            try guarded(&writer, at: now) { writer throws(DiskFault) in
                guard fits(head) else { throw .tooLarge }
                let segment = try admit(head, &writer)
                defer { writer.position += head.byteCount }
                return (segment, writer.position)
            }
        }
        return DiskReservation(
            store: self, key: key, segment: segment, offset: offset, head: head, record: record,
            piece: BodyPiece(
                file: segment.file, offset: offset + head.bodyOffset, rest: head.bodyLength))
    }

    /// The body is complete: makes the object known. Blocks.
    package func finish(
        _ reservation: consuming DiskReservation, at now: Instant
    ) throws(DiskFault) {
        if isGivenAway.load(ordering: .acquiring) { throw .givenAway }
        var piece = reservation.piece
        let location: DiskLocation
        do throws(DiskFault) {
            location = try finish(
                reservation.segment, reservation.offset, reservation.head, reservation.record,
                &piece, reservation.buffer.span)
        } catch {
            giveBack(reservation)
            // Noted as any write's fault is.
            try writer.withLock { writer throws(DiskFault) in
                try guarded(&writer, at: now) { _ throws(DiskFault) in throw error }
            }
            throw error
        }
        index.insert(reservation.key, location)
    }

    /// It came to nothing. The room is used again if nothing was written behind it.
    package func giveBack(_ reservation: borrowing DiskReservation) {
        let (segment, offset) = (reservation.segment, reservation.offset)
        let end = offset + reservation.head.byteCount
        writer.withLock { writer in
            if writer.segment === segment, writer.position == end { writer.position = offset }
        }
    }

    fileprivate func fits(_ head: RecordHead) -> Bool {
        head.partsBytes <= RecordHead.maxPartsBytes
            && head.bodyLength <= DiskGeometry.largestSegment
            && head.byteCount <= geometry.segmentBytes - Segment.headBytes
    }

    /// Whether a body of this length finds room in a segment, with a head of ordinary size.
    package func takes(bodyLength: Int) -> Bool {
        bodyLength <= geometry.segmentBytes - (64 << 10)
    }
}

/// A body on its way into a segment.
struct BodyPiece: Sendable {
    let file: any StoredFile
    /// Where the next bytes go.
    var offset: Int
    /// How many are still to come; negative where there were too many.
    var rest: Int
    var sums: [UInt64] = []
    var fault: DiskFault?

    init(file: any StoredFile, offset: Int, rest: Int) {
        self.file = file
        self.offset = offset
        self.rest = rest
    }

    mutating func take(_ bytes: Span<UInt8>, _ buffer: inout [UInt8], _ size: Int) {
        rest -= bytes.count
        if rest < 0 { return }
        var taken = 0
        while taken < bytes.count, fault == nil {
            let count = min(bytes.count - taken, size - buffer.count)
            // SAFETY: the array copies before the pointer ends.
            unsafe bytes.extracting(taken..<taken + count).withUnsafeBufferPointer {
                unsafe buffer.append(contentsOf: $0)
            }
            taken += count
            if buffer.count == size, rest > 0 || taken < bytes.count { flush(&buffer) }
        }
    }

    private mutating func flush(_ buffer: inout [UInt8]) {
        sumRest(buffer.span)
        do throws(DiskFault) {
            try file.writeAll(buffer.span, at: offset)
        } catch {
            fault = error
        }
        offset += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Takes the checksums of the blocks in `bytes`, of which only the body's last is not whole.
    mutating func sumRest(_ bytes: Span<UInt8>) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + RecordHead.blockBytes)
            sums.append(Checksum.of(bytes.extracting(start..<end)))
            start = end
        }
    }
}
