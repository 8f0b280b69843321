internal import PorticoBytes
internal import Synchronization

/// Room is made by giving up the oldest segment whole.
extension DiskStore {
    /// The segment that takes the next `byteCount` bytes, a new one if need be.
    func room(for byteCount: Int, _ writer: inout Writer) throws(DiskFault) -> Segment {
        if let segment = writer.segment, writer.position + byteCount <= segment.byteCount {
            return segment
        }
        // What a full segment holds is brought to the device once: it bounds what a loss of power
        // can cost, and tells of a disk that only seemed to write.
        if let segment = writer.segment { try segment.file.synchronise() }
        writer.segment = nil
        while ledger.held + geometry.segmentBytes > geometry.segmentsBudget {
            try giveUpOldest(&writer, moving: 0)
        }
        let segment = try begin(&writer)
        writer.segment = segment
        writer.position = Segment.headBytes
        // One segment's room is kept free, so that records can move out of the oldest into this
        // one before that is removed. At most half: else a store of hot objects would only ever
        // copy itself.
        if ledger.held + geometry.segmentBytes > geometry.segmentsBudget {
            let free = geometry.segmentBytes - Segment.headBytes - byteCount
            try giveUpOldest(&writer, moving: min(free, geometry.segmentBytes / 2))
        }
        return segment
    }

    /// Makes room on a full device; false if there is nothing to give up.
    func giveUpOldest() -> Bool {
        writer.withLock { writer in (try? giveUpOldest(&writer, moving: 0)) != nil }
    }

    private func begin(_ writer: inout Writer) throws(DiskFault) -> Segment {
        let id = writer.nextID
        writer.nextID += 1
        let file = try storage.create(Segment.name(id))
        do throws(DiskFault) {
            try file.allocate(geometry.segmentBytes, grows: true)
            try file.writeAll(Segment.head(id: id, secret: secret).bytes, at: 0)
        } catch {
            try? storage.remove(Segment.name(id))
            throw error
        }
        let segment = Segment(
            id: id, file: file, byteCount: geometry.segmentBytes, ledger: ledger)
        register(segment, fence: .max)
        return segment
    }

    /// Removes the oldest segment; up to `limit` bytes of what was asked for since it was written
    /// go to the segment that is being filled.
    private func giveUpOldest(_ writer: inout Writer, moving limit: Int) throws(DiskFault) {
        let (oldest, live) = segments.withLock { segments in
            (
                segments.values.min { $0.id < $1.id },
                segments.values.reduce(0) { $0 + $1.byteCount }
            )
        }
        // Readers may hold on to segments that have no name any more. Their room is not there yet,
        // and giving up more and more for it would let slow clients empty the store.
        let isHeldUp = ledger.held - live > geometry.segmentsBudget / 4
        guard let oldest, oldest.id != writer.segment?.id, !isHeldUp else { throw .busy }
        var room = limit
        for (key, location) in index.sweep(segment: oldest.id) {
            var moved: DiskLocation?
            if location.byteCount <= room {
                moved = try? copy(key, location, from: oldest, &writer)
            }
            if let moved, index.move(key, from: location, to: moved) {
                room -= location.byteCount
                tally.moved.add(1, ordering: .relaxed)
            } else {
                index.remove(key, location)
            }
        }
        try storage.remove(oldest.name)
        oldest.markRemoved()
        segments.withLock { $0[oldest.id] = nil }
        fences.withLock { $0.lowest[oldest.id] = nil }
        tally.reclaimed.add(1, ordering: .relaxed)
    }

    private func copy(
        _ key: DiskKey, _ location: DiskLocation, from source: Segment, _ writer: inout Writer
    ) throws(DiskFault) -> DiskLocation {
        guard let target = writer.segment,
            let bytes = try source.file.readAll(location.bodyOffset, at: location.offset),
            let head = RecordHead(
                bytes.span,
                seed: Segment.seed(secret, id: source.id, offset: location.offset)),
            head.key == key, head.byteCount == location.byteCount,
            head.bodyOffset == location.bodyOffset
        else { throw .damaged }
        let parts = bytes.span.extracting(
            RecordHead.byteCount..<RecordHead.byteCount + head.partsBytes)
        guard Checksum.of(parts, seed: secret) == head.partsChecksum else { throw .damaged }
        let offset = writer.position
        var block = [UInt8](
            repeating: 0, count: min(head.bodyLength, RecordHead.blockBytes))
        for number in 0..<head.blockCount {
            let start = number * RecordHead.blockBytes
            let count = min(RecordHead.blockBytes, head.bodyLength - start)
            guard
                try source.file.readAll(
                    into: &block, 0..<count, at: location.offset + head.bodyOffset + start),
                Checksum.of(block.span.extracting(0..<count))
                    == bytes.span.uint64(at: head.tableOffset + 8 * number)
            else { throw .damaged }
            try target.file.writeAll(
                block.span.extracting(0..<count), at: offset + head.bodyOffset + start)
        }
        try target.file.writeAll(
            bytes.span.extracting(RecordHead.byteCount..<bytes.count),
            at: offset + RecordHead.byteCount)
        var buffer = Buffer(capacity: RecordHead.byteCount)
        head.append(to: &buffer, seed: Segment.seed(secret, id: target.id, offset: offset))
        try target.file.writeAll(buffer.bytes, at: offset)
        writer.position += head.byteCount
        fences.withLock {
            $0.lowest[target.id] = min($0.lowest[target.id] ?? .max, head.fillSequence)
        }
        return DiskLocation(
            segment: target.id, variant: head.variant, offset: offset, byteCount: head.byteCount,
            bodyOffset: head.bodyOffset)
    }
}
