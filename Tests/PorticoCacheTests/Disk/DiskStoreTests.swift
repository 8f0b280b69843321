import PorticoBytes
import Synchronization
import Testing

@testable import PorticoCache

/// What tests say about objects: a name makes key, head, tags and body.
struct DiskFixture {
    static let geometry = DiskGeometry(diskBytes: 1 << 20)!
    static let small = DiskGeometry(segmentBytes: 8192, segments: 6, journalBytes: 2048)
    static let now = Instant(nanoseconds: 1_000_000_000)

    static func record(_ name: String, fill: UInt64 = PurgeJournal.gap) -> DiskRecord {
        DiskRecord(
            key: Array("https://shop.test/\(name)".utf8), status: 200,
            head: Array("content-type: text/plain\r\netag: \"\(name)\"\r\n".utf8),
            tags: Array("all\n\(name)".utf8),
            times: DiskTimes(receivedAt: 1_700_000_000_000_000, lifetime: 60_000_000),
            fillSequence: fill)
    }

    static func body(_ name: String, _ count: Int) -> [UInt8] {
        let seed = Array(name.utf8)
        return (0..<count).map { index in
            seed[index % seed.count] &+ UInt8(truncatingIfNeeded: index &* 31 >> 3)
        }
    }
}

extension DiskStore {
    static func opened(
        _ storage: MemoryStorage, geometry: DiskGeometry = DiskFixture.geometry,
        events: EventLog = EventLog()
    ) throws -> DiskStore {
        try DiskStore(in: storage, geometry: geometry) {
            events.append($0)
        } replay: { _ in
        }
    }

    func loadAll() { while loadNext() {} }

    func put(
        _ name: String, _ count: Int, version: String = "", at now: Instant = DiskFixture.now
    ) throws(DiskFault) {
        let body = DiskFixture.body(name + version, count)
        try append(DiskFixture.record(name), body: body.span, at: now)
    }

    func opened(_ record: DiskRecord, _ location: DiskLocation) -> DiskObject? {
        open(digest(record.key.span), location, is: record.key.span)
    }

    /// The body, or nil for a miss.
    func get(_ name: String) -> [UInt8]? {
        let record = DiskFixture.record(name)
        let key = digest(record.key.span)
        let plain = variant(record.variantKey.span)
        guard let location = find(key, variant: plain),
            let object = open(key, location, is: record.key.span)
        else { return nil }
        #expect(object.status == 200)
        #expect(Array(object.bytes[object.responseHead]) == record.head)
        #expect(Array(object.bytes[object.tags]) == record.tags)
        #expect(object.times == record.times)
        return object.read(0..<object.bodyLength)
    }
}

final class EventLog: Sendable {
    private let events = Mutex<[DiskEvent]>([])
    func append(_ event: DiskEvent) { events.withLock { $0.append(event) } }
    var all: [DiskEvent] { events.withLock { $0 } }
}

@Suite("The disk store")
struct DiskStoreTests {
    @Test(arguments: [0, 1, 63, 64, 65, 1000, 65_536, 100_000])
    func `what was written is read, before and after a restart`(_ count: Int) throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage)
        try store.put("a", count)
        #expect(store.get("a") == DiskFixture.body("a", count))
        #expect(store.get("b") == nil)
        let again = try DiskStore.opened(storage)
        again.loadAll()
        #expect(again.get("a") == DiskFixture.body("a", count))
    }

    @Test func `short writes and reads make no difference`() throws {
        let storage = MemoryStorage()
        storage.set { $0.most = 7 }
        let store = try DiskStore.opened(storage)
        try store.put("a", 5000)
        #expect(store.get("a") == DiskFixture.body("a", 5000))
    }

    @Test func `the bodies of large objects come in pieces and are read in parts`() throws {
        let geometry = DiskGeometry(segmentBytes: 4 << 20, segments: 4, journalBytes: 4096)
        let store = try DiskStore.opened(MemoryStorage(), geometry: geometry)
        let body = DiskFixture.body("large", 2_500_000)
        let record = DiskRecord(
            key: Array("k".utf8), status: 206, head: [], times: DiskTimes(receivedAt: 1),
            fillSequence: .max)
        let location = try store.append(record, bodyLength: body.count, at: DiskFixture.now) {
            take in
            var start = 0
            while start < body.count {
                let end = min(body.count, start + 99_999)
                take(body.span.extracting(start..<end))
                start = end
            }
        }
        let object = try #require(store.opened(record, location))
        #expect(object.smallBody == nil)
        #expect(object.read(1_000_000..<1_600_000) == Array(body[1_000_000..<1_600_000]))
        #expect(object.read(0..<body.count) == body)
    }

    @Test func `a body of another length than announced is refused`() throws {
        let store = try DiskStore.opened(MemoryStorage())
        let bytes: [UInt8] = [1, 2, 3]
        for length in [2, 4] {
            #expect(throws: DiskFault.wrongLength) {
                try store.append(
                    DiskFixture.record("a"), bodyLength: length, at: DiskFixture.now
                ) { take in take(bytes.span) }
            }
        }
        #expect(store.get("a") == nil)
    }

    @Test func `the newest version and no buried one comes back`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage, geometry: DiskFixture.small)
        for version in 0..<12 {
            try store.put("a", 1500, version: "\(version)")
            try store.put("b", 700)
        }
        let key = store.digest(DiskFixture.record("b").key.span)
        try store.bury(
            key, variant: store.variant(DiskFixture.record("b").variantKey.span),
            at: DiskFixture.now)
        #expect(store.get("b") == nil)
        let again = try DiskStore.opened(storage, geometry: DiskFixture.small)
        #expect(again.get("a") == DiskFixture.body("a11", 1500))
        again.loadAll()
        #expect(again.get("a") == DiskFixture.body("a11", 1500))
        #expect(again.get("b") == nil)
        #expect(again.figures.objects == 1)
    }

    @Test func `what does not fit into a segment is refused`() throws {
        let store = try DiskStore.opened(MemoryStorage(), geometry: DiskFixture.small)
        #expect(throws: DiskFault.tooLarge) { try store.put("a", 8192) }
    }

    @Test func `variants stand side by side`() throws {
        let store = try DiskStore.opened(MemoryStorage())
        var record = DiskFixture.record("a")
        for language in ["de", "en", "fr"] {
            record.variantKey = Array(language.utf8)
            try store.append(record, body: Array(language.utf8).span, at: DiskFixture.now)
        }
        let key = store.digest(record.key.span)
        #expect(store.variants(of: key).count == 3)
        let english = Array("en".utf8)
        let variant = store.variant(english.span)
        let location = try #require(
            store.variants(of: key).first { $0.variant == variant })
        let object = try #require(store.opened(record, location))
        #expect(Array(object.bytes[object.variantKey]) == english)
        #expect(object.read(0..<2) == english)
    }

    // MARK: - The bound

    @Test func `bytes on disk never exceed the bound, and hot objects move on`() throws {
        let storage = MemoryStorage()
        let geometry = DiskFixture.small
        let store = try DiskStore.opened(storage, geometry: geometry)
        let bound = geometry.segmentsBudget + 2 * geometry.journalBytes
        try store.put("hot", 700)
        for number in 0..<200 {
            #expect(store.get("hot") == DiskFixture.body("hot", 700))
            try store.put("cold\(number)", 500 + number)
            _ = store.journal.submit([
                JournalRecord(.tag, sequence: UInt64(number), at: 0, key: Array("t\(number)".utf8))
            ])
            try store.commit(
                through: store.journal.submit([JournalRecord(.url, sequence: 1, at: 0)]))
        }
        #expect(storage.state.withLock { $0.highWater } <= bound)
        #expect(store.get("hot") != nil)
        #expect(store.get("cold199") != nil)
        #expect(store.get("cold0") == nil)
        #expect(store.figures.moved > 0)
        #expect(store.figures.reclaimed > 10)
        let again = try DiskStore.opened(storage, geometry: geometry)
        again.loadAll()
        #expect(again.get("hot") == DiskFixture.body("hot", 700))
        #expect(again.figures.objects == store.figures.objects)
    }

    @Test func `a store in which everything is hot still makes room`() throws {
        let store = try DiskStore.opened(MemoryStorage(), geometry: DiskFixture.small)
        for number in 0..<300 {
            try store.put("\(number)", 600)
            for other in 0...number { _ = store.get("\(other)") }
        }
        #expect(store.get("299") != nil)
    }

    @Test func `a reclaimed segment stays readable and counts until its reader is done`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage, geometry: DiskFixture.small)
        let record = DiskFixture.record("a")
        let body = DiskFixture.body("a", 2000)
        let location = try store.append(record, body: body.span, at: DiskFixture.now)
        let key = store.digest(record.key.span)
        var object = store.open(key, location, is: record.key.span)
        // Not hot, so that it does not move.
        store.forget(key, location)
        for number in 0..<60 { try store.put("\(number)", 1500) }
        #expect(object?.read(0..<2000) == body)
        let held = store.figures.diskBytes
        #expect(held <= DiskFixture.small.segmentsBudget + DiskFixture.small.journalBytes)
        object = nil
        #expect(store.figures.diskBytes == held - DiskFixture.small.segmentBytes)
    }

    @Test func `a lowered bound holds from the start`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage, geometry: DiskFixture.small)
        for number in 0..<60 { try store.put("\(number)", 1500) }
        let geometry = DiskGeometry(segmentBytes: 4096, segments: 4, journalBytes: 2048)
        let again = try DiskStore.opened(storage, geometry: geometry)
        again.loadAll()
        #expect(storage.byteCount <= geometry.segmentsBudget + geometry.journalBytes)
        try again.put("new", 1000)
        #expect(again.get("new") != nil)
    }

    @Test func `an object takes at most 64 bytes of the index`() throws {
        let index = DiskIndex()
        var highest = 0
        for number in 0..<200_000 {
            let key = DiskKey(
                high: UInt64(number) &* 0x9E37_79B9_7F4A_7C15,
                low: UInt64(number) &* 0xC2B2_AE3D_27D4_EB4F)
            index.insert(
                key,
                DiskLocation(
                    segment: 1, variant: 0, offset: 64 * number, byteCount: 1024, bodyOffset: 512))
            if number == 100_000 { highest = index.byteCount / index.count }
        }
        #expect(highest <= 64)
        #expect(index.byteCount / index.count <= 64)
        #expect(index.count == 200_000)
    }

    // MARK: - A disk that fails

    @Test func `a full disk is told once, left alone, and tried again`() throws {
        let storage = MemoryStorage()
        let events = EventLog()
        let store = try DiskStore.opened(storage, geometry: DiskFixture.small, events: events)
        try store.put("before", 100)
        storage.set { $0.capacity = 9000 }
        var faults: [DiskFault] = []
        for number in 0..<40 {
            do throws(DiskFault) { try store.put("\(number)", 1000) } catch { faults.append(error) }
        }
        #expect(faults.first == .full)
        #expect(faults.dropFirst().allSatisfy { $0 == .resting })
        #expect(store.figures.isFailing)
        #expect(store.get("before") != nil)
        storage.set { $0.capacity = .max }
        #expect(throws: DiskFault.resting) { try store.put("late", 1000) }
        let later = DiskFixture.now + DiskStore.patience
        try store.put("late", 1000, at: later)
        #expect(store.get("late") != nil)
        #expect(!store.figures.isFailing)
        #expect(
            events.all.filter { $0 != .loaded(objects: 0, skipped: 0) } == [
                .failing(.full), .recovered,
            ])
    }

    @Test func `after an error of the device writing goes on in another segment`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage, geometry: DiskFixture.small)
        storage.set { $0.writeFault = .system(5) }
        #expect(throws: DiskFault.system(5)) { try store.put("a", 1000) }
        storage.set { $0.writeFault = nil }
        try store.put("a", 1000, at: DiskFixture.now + DiskStore.patience)
        #expect(store.get("a") == DiskFixture.body("a", 1000))
    }

    @Test func `a read that fails is a miss`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage)
        try store.put("a", 1000)
        storage.set { $0.readFault = .system(5) }
        #expect(store.get("a") == nil)
        #expect(store.figures.faults == 1)
    }
}
