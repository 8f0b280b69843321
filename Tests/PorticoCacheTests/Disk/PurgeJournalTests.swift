import PorticoBytes
import Synchronization
import Testing

@testable import PorticoCache

@Suite("The purge journal")
struct PurgeJournalTests {
    private func purge(_ number: Int, key: String? = nil) -> JournalRecord {
        JournalRecord(
            .tag, sequence: PurgeJournal.gap + UInt64(number), at: Int64(number),
            site: Array("shop".utf8), key: Array((key ?? "tag\(number)").utf8))
    }

    private func open(
        _ storage: MemoryStorage, limit: Int = 1 << 16, events: EventLog = EventLog()
    ) throws -> (PurgeJournal, [JournalRecord]) {
        var replayed: [JournalRecord] = []
        let journal = try PurgeJournal(in: storage, limit: limit, report: { events.append($0) }) {
            replayed.append($0)
        }
        return (journal, replayed)
    }

    @Test func `every kind comes back as it was`() throws {
        let storage = MemoryStorage()
        let (journal, _) = try open(storage)
        var purges: [JournalRecord] = []
        for (number, kind) in JournalRecord.Kind.allCases.enumerated() {
            for hardness in [JournalRecord.Hardness.hard, .soft] {
                purges.append(
                    JournalRecord(
                        kind, hardness, sequence: PurgeJournal.gap + UInt64(number), at: -5,
                        site: Array("s".utf8), key: Array(repeating: 0xFF, count: number * 100)))
            }
        }
        try journal.append(purges)
        #expect(try open(storage).1 == purges)
    }

    @Test func `commits share a sync`() throws {
        let (journal, _) = try open(MemoryStorage())
        let before = journal.syncCount
        let tickets = (0..<100).map { journal.submit([purge($0)]) }
        for ticket in tickets { try journal.commit(through: ticket) }
        #expect(journal.syncCount == before + 1)
    }

    @Test func `sequences go on above all that were given out`() throws {
        let storage = MemoryStorage()
        let (journal, _) = try open(storage)
        try journal.append([purge(7)])
        var last = PurgeJournal.gap + 7
        for _ in 0..<3 {
            let (again, _) = try open(storage)
            #expect(again.firstSequence >= last + PurgeJournal.gap)
            last = again.firstSequence
        }
    }

    @Test func `a damaged purge purges everything, and stays so`() throws {
        let storage = MemoryStorage()
        let (journal, _) = try open(storage)
        let start = journal.byteCount
        try journal.append([purge(1), purge(2)])
        let bytes = try #require(storage.contents["journal"])
        for position in start..<bytes.count {
            let damaged = storage.copy()
            var copy = bytes
            copy[position] ^= 4
            damaged.put("journal", copy)
            let events = EventLog()
            let (again, replayed) = try open(damaged, events: events)
            #expect(events.all == [.journalDamaged])
            let all = try #require(replayed.last)
            #expect(all.kind == .everything && all.sequence > PurgeJournal.gap + 2)
            #expect(all.sequence <= again.firstSequence)
            #expect(try open(damaged).1 == [all])
        }
    }

    @Test func `it is rewritten when it has grown, with the last purge of each subject`() throws {
        let storage = MemoryStorage()
        let (journal, _) = try open(storage, limit: 2048)
        for number in 0..<500 {
            try journal.append([purge(number, key: "tag\(number % 5)")])
            #expect(journal.byteCount <= 2048)
        }
        let (_, replayed) = try open(storage, limit: 2048)
        for number in 495..<500 {
            #expect(replayed.contains(purge(number, key: "tag\(number % 5)")))
        }
        #expect(storage.contents["journal.new"] == nil)
    }

    @Test func `starting again and again does not let it grow`() throws {
        let storage = MemoryStorage()
        for _ in 0..<100 { #expect(try open(storage, limit: 1024).0.byteCount <= 1024) }
    }

    @Test func `what is older than every object is forgotten`() throws {
        let storage = MemoryStorage()
        let (journal, _) = try open(storage, limit: 2048)
        for number in 0..<500 {
            try journal.append([purge(number)]) { PurgeJournal.gap + UInt64(max(0, number - 3)) }
        }
        let (_, replayed) = try open(storage, limit: 2048)
        #expect(replayed.contains(purge(499)) && replayed.contains(purge(497)))
        #expect(!replayed.contains { $0.kind == .everything })
    }

    @Test func `more purges than fit become one of everything`() throws {
        let storage = MemoryStorage()
        let events = EventLog()
        let (journal, _) = try open(storage, limit: 2048, events: events)
        for number in 0..<100 { try journal.append([purge(number)]) }
        #expect(events.all.contains(.journalOverflowed))
        let (_, replayed) = try open(storage, limit: 2048)
        for number in 0..<100 {
            let holds = replayed.contains {
                $0 == purge(number)
                    || $0.kind == .everything && $0.sequence >= purge(number).sequence
            }
            #expect(holds)
        }
    }

    @Test func `a purge that could not be written is thrown, kept, and written with the next`()
        throws
    {
        let storage = MemoryStorage()
        let events = EventLog()
        let (journal, _) = try open(storage, events: events)
        storage.set { $0.writeFault = .system(5) }
        #expect(throws: DiskFault.system(5)) { try journal.append([purge(1)]) }
        #expect(throws: DiskFault.system(5)) { try journal.append([purge(2)]) }
        storage.set { $0.writeFault = nil }
        try journal.append([purge(3)])
        #expect(events.all == [.journalFailing(.system(5)), .recovered])
        #expect(try open(storage).1 == [purge(1), purge(2), purge(3)])
    }

    @Test func `after a failed sync the journal is written anew`() throws {
        let storage = MemoryStorage()
        let (journal, _) = try open(storage)
        try journal.append([purge(1)])
        storage.set { $0.syncFault = .system(5) }
        #expect(throws: DiskFault.system(5)) { try journal.append([purge(2)]) }
        storage.set { $0.syncFault = nil }
        try journal.append([purge(3)])
        let (_, replayed) = try open(storage)
        #expect(Set(replayed.map(\.sequence)) == Set([1, 2, 3].map { purge($0).sequence }))
    }
}
