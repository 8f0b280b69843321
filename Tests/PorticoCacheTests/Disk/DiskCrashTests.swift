import PorticoBytes
import Synchronization
import Testing

@testable import PorticoCache

@Suite("The disk store, killed or damaged")
struct DiskCrashTests {
    /// What was promised before the process died.
    private struct Promises {
        var objects: [String: String] = [:]
        var underWay: String?
        var purges: [JournalRecord] = []
    }

    private static let geometry = DiskGeometry(
        segmentBytes: 4096, segments: 8, journalBytes: 640)

    /// Objects and purges until the process is killed.
    private func live(on storage: MemoryStorage) -> Promises {
        var promises = Promises()
        do {
            let store = try DiskStore.opened(storage, geometry: Self.geometry)
            for step in 0..<7 {
                let name = "object\(step % 5)"
                promises.underWay = "\(step)"
                try store.put(name, 40 + 23 * step, version: "\(step)")
                promises.objects[name] = "\(step)"
                let purge = JournalRecord(
                    .tag, step % 2 == 0 ? .hard : .soft, sequence: PurgeJournal.gap + UInt64(step),
                    at: Int64(step), site: Array("shop".utf8), key: Array("tag\(step)".utf8))
                guard store.commit(through: store.journal.submit([purge])) else { break }
                promises.purges.append(purge)
            }
        } catch {}
        return promises
    }

    @Test func `killed at any byte, nothing that was promised is lost and nothing is cut`() throws {
        let whole = MemoryStorage()
        whole.set { $0.untilKilled = 1 << 30 }
        _ = live(on: whole)
        let total = (1 << 30) - (whole.state.withLock { $0.untilKilled } ?? 0)
        #expect(total > 2000)
        for cut in 0...total {
            let storage = MemoryStorage()
            storage.set { $0.untilKilled = cut }
            let promises = live(on: storage)
            var replayed: [JournalRecord] = []
            let left = storage.copy()
            let store = try DiskStore(in: left, geometry: Self.geometry) { _ in
            } replay: {
                replayed.append($0)
            }
            store.loadAll()
            for (name, version) in promises.objects {
                let step = try #require(Int(version))
                let body = store.get(name)
                let kept = body == DiskFixture.body(name + version, 40 + 23 * step)
                // The one that was being written may have become whole.
                let next = promises.underWay.flatMap { Int($0) } ?? 0
                let replaced = body == DiskFixture.body(name + "\(next)", 40 + 23 * next)
                #expect(kept || replaced, "\(name) after \(cut) bytes")
            }
            for purge in promises.purges { #expect(replayed.contains(purge), "after \(cut) bytes") }
            #expect(!replayed.contains { $0.kind == .everything }, "after \(cut) bytes")
            #expect(replayed.allSatisfy { $0.sequence < store.journal.firstSequence })
            // Life goes on.
            try store.put("new", 300)
            #expect(store.get("new") != nil)
        }
    }

    @Test func `a flipped bit anywhere is a miss, never another body`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage, geometry: Self.geometry)
        for name in ["a", "b", "c"] { try store.put(name, 200) }
        let segment = try #require(storage.contents.keys.first { $0.hasPrefix("segment") })
        let used = 64 + 3 * 640
        let bytes = try #require(storage.contents[segment])
        #expect(bytes[used...].allSatisfy { $0 == 0 })
        for position in 0..<used {
            let bit = UInt8(position % 8)
            let damaged = storage.copy()
            var copy = bytes
            copy[position] ^= 1 << bit
            damaged.put(segment, copy)
            let again = try DiskStore.opened(damaged, geometry: Self.geometry)
            again.loadAll()
            var found = 0
            for name in ["a", "b", "c"] {
                let body = again.get(name)
                #expect(body == nil || body == DiskFixture.body(name, 200))
                if body != nil { found += 1 }
            }
            // One damaged record costs no other.
            #expect(position < 64 || found >= 2)
        }
    }

    @Test func `a body that holds a record's bytes is not taken for one`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage, geometry: Self.geometry)
        try store.put("secret", 100)
        let segment = try #require(storage.contents.keys.first { $0.hasPrefix("segment") })
        let stolen = Array(try #require(storage.contents[segment])[64..<640])
        try store.append(
            DiskFixture.record("evil"), body: ([UInt8](repeating: 0, count: 64) + stolen).span,
            at: DiskFixture.now)
        let key = store.digest(DiskFixture.record("evil").key.span)
        let location = try #require(store.newest(of: key))
        var bytes = try #require(storage.contents[segment])
        bytes[64] ^= 1
        bytes[location.offset] ^= 1
        storage.put(segment, bytes)
        let again = try DiskStore.opened(storage, geometry: Self.geometry)
        again.loadAll()
        #expect(again.figures.objects == 0)
    }

    @Test func `segments are void without the journal that they were written with`() throws {
        let storage = MemoryStorage()
        let store = try DiskStore.opened(storage, geometry: Self.geometry)
        try store.put("a", 200)
        var journal = try #require(storage.contents["journal"])
        journal[20] ^= 1
        storage.put("journal", journal)
        let other = storage.copy()
        let events = EventLog()
        let again = try DiskStore.opened(other, geometry: Self.geometry, events: events)
        #expect(events.all.contains(.begunAnew))
        _ = again
    }
}
