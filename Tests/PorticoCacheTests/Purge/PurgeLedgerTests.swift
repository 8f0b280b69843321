import PorticoBytes
import Synchronization
import Testing

@testable import PorticoCache

@Suite("The purge ledger")
struct PurgeLedgerTests {
    @Test func `a purged tag takes what carries it, and nothing else`() {
        let shelf = Shelf()
        shelf.put("a", tags: "p1 c2")
        shelf.put("b", tags: "p2,c2")
        shelf.purge("p1")
        #expect(shelf.verdict("a") == .gone)
        #expect(shelf.verdict("b") == .untouched)
        #expect(shelf.store.usage.objects == 1)
        shelf.put("a", tags: "p1")
        #expect(shelf.verdict("a") == .untouched)
    }

    @Test func `a fetch begun before the purge is not fresh after it`() {
        let shelf = Shelf()
        let fence = shelf.ledger.now
        shelf.purge("p1")
        shelf.put("a", tags: "p1", since: fence)
        #expect(shelf.verdict("a") == .gone)
        shelf.purge("p1", .soft)
        shelf.put("b", tags: "p1", since: shelf.ledger.now - 1)
        #expect(shelf.verdict("b") == .stale)
        shelf.put("c", tags: "p1")
        #expect(shelf.verdict("c") == .untouched)
    }

    @Test func `a soft purge makes stale, a hard one takes`() {
        let shelf = Shelf()
        shelf.put("a", tags: "t")
        #expect(shelf.verdict("a") == .untouched)
        shelf.purge("t", .soft)
        #expect(shelf.verdict("a") == .stale)
        #expect(shelf.verdict("a") == .stale)
        shelf.purge("other")
        #expect(shelf.verdict("a") == .stale)
        shelf.purge("t")
        #expect(shelf.verdict("a") == .gone)
    }

    static let targets: [(PurgeTarget, Set<String>)] = [
        (.url(bytes("h/a")), ["h/b", "h/b/c", "i/a"]),
        (.prefix(bytes("h/b")), ["h/a", "i/a"]),
        (.prefix(bytes("h/")), ["i/a"]),
        (.tags([bytes("h/a"), bytes("t-i/a")]), ["h/a", "h/b", "h/b/c"]),
        (.pattern(bytes("^t-h")), ["i/a"]),
        (.urlPattern(bytes("^h\n^/b")), ["h/a", "i/a"]),
        (.everything, []),
    ]

    @Test(arguments: targets, [PurgeDepth.hard, .soft])
    func `each target reaches what it names`(
        _ row: (target: PurgeTarget, left: Set<String>), _ depth: PurgeDepth
    ) {
        let shelf = Shelf()
        let keys = ["h/a", "h/b", "h/b/c", "i/a"]
        for key in keys { shelf.put(key, tags: "t-\(key)") }
        let receipt = shelf.ledger.purge(
            row.target, of: shelf.site, depth, where: PurgeMatcher.closure(for: row.target))
        for key in keys {
            let wanted: PurgeVerdict = depth == .hard ? .gone : .stale
            #expect(shelf.verdict(key) == (row.left.contains(key) ? .untouched : wanted))
        }
        #expect(receipt.number == shelf.ledger.now)
        #expect(receipt.id.utf8.count == 32)
        for key in keys {
            shelf.put(key, tags: "t-\(key)")
            #expect(shelf.verdict(key) == .untouched)
        }
    }

    @Test func `a soft purge makes stale from its own moment on, not from when it is noticed`() {
        let shelf = Shelf()
        shelf.put("a", tags: "t u")
        shelf.put("b", tags: "u")
        let first = Instant(nanoseconds: 5_000)
        let now = Instant(nanoseconds: 9_000)
        _ = shelf.ledger.purge(.tags([bytes("t")]), of: shelf.site, .soft, at: first)
        _ = shelf.ledger.purge(
            .tags([bytes("u")]), of: shelf.site, .soft, at: Instant(nanoseconds: 7_000))
        func since(_ key: String) -> Instant? {
            shelf.find(key).map { shelf.ledger.staleSince($0.response.stamp, at: now) }
        }
        #expect(since("a") == first)
        #expect(since("b") == Instant(nanoseconds: 7_000))
        // Purged again, it is stale from the first time on.
        _ = shelf.ledger.purge(.tags([bytes("t")]), of: shelf.site, .soft, at: now)
        #expect(since("a") == first)
    }

    @Test func `what was changed while it was fetched is not stored`() {
        let shelf = Shelf()
        let began = shelf.ledger.lastInvalidation
        func fetched(since invalidations: UInt64) -> PurgeStamp {
            var stamp = shelf.ledger.stamp(
                since: shelf.ledger.now, invalidations: invalidations, of: shelf.site)
            stamp.add(url: bytes("h/a").span)
            return stamp
        }
        let purges = shelf.ledger.now
        #expect(shelf.ledger.invalidate(bytes("h/a"), of: shelf.site) == false)
        // Nothing was stored: no hit has to look at its tags again.
        #expect(shelf.ledger.now == purges)
        let late = fetched(since: began)
        let isLate = late.isInvalidated
        #expect(isLate)
        let fresh = fetched(since: shelf.ledger.lastInvalidation)
        let isFresh = !fresh.isInvalidated
        #expect(isFresh)
        shelf.put("h/a", tags: "")
        #expect(shelf.ledger.invalidate(bytes("h/a"), of: shelf.site))
        #expect(shelf.find("h/a") == nil)
    }

    @Test func `it is known how many objects a tag reaches`() {
        let shelf = Shelf()
        shelf.put("a", tags: "t u")
        shelf.put("b", tags: "u")
        let target = PurgeTarget.tags([bytes("t"), bytes("u"), bytes("v")])
        #expect(shelf.ledger.carriers(of: target, site: shelf.site) == 3)
        #expect(shelf.ledger.carriers(of: target, site: nil) == 3)
        #expect(shelf.ledger.carriers(of: .everything, site: nil) == 0)
    }

    @Test func `one site's purge leaves another site alone`() {
        let ledger = PurgeLedger(maxMarks: 1000)
        let left = ledger.site(bytes("left"))
        let right = ledger.site(bytes("right"))
        #expect(ledger.site(bytes("left")) == left)
        func stamp(_ site: PurgeSite) -> PurgeStamp {
            var stamp = ledger.stamp(since: ledger.now, of: site)
            stamp.add(tag: bytes("t").span)
            stamp.add(host: bytes("h").span)
            return stamp
        }
        let targets: [PurgeTarget] = [
            .tags([bytes("t")]), .host(bytes("h")), .everything, .pattern(bytes(".")),
        ]
        for target in targets {
            let ours = stamp(left)
            let theirs = stamp(right)
            _ = ledger.purge(target, of: left, .hard) { _ in true }
            expect(ours, .gone, by: ledger)
            expect(theirs, .untouched, by: ledger)
            _ = ledger.purge(target, of: nil, .hard) { _ in true }
            expect(theirs, .gone, by: ledger)
        }
    }

    @Test func `a fetch under way while a pattern purges is found out, though its tag was new`() {
        let shelf = Shelf()
        let fence = shelf.ledger.now
        _ = shelf.ledger.purge(.pattern(bytes("x")), of: shelf.site, .hard) { $0.equals("x") }
        shelf.put("a", tags: "x", since: fence)
        #expect(shelf.verdict("a") == .gone)
        shelf.put("a", tags: "y")
        #expect(shelf.verdict("a") == .untouched)
    }

    @Test func `tags are split at blanks and commas`() {
        let shelf = Shelf()
        shelf.put("a", tags: " p1,p2 , p3\tp4 ")
        for tag in ["p1", "p2", "p3", "p4"] {
            let response = shelf.find("a")!.response
            let carries = shelf.ledger.carries(bytes(tag).span, of: shelf.site, response.stamp)
            #expect(carries)
        }
        let count = shelf.find("a")!.response.stamp.marks.count
        #expect(count == 6)
    }

    @Test func `marks that nobody uses are collected, and their purges are not forgotten`() {
        let ledger = PurgeLedger(maxMarks: 64 * 64)
        let site = ledger.site(bytes("s"))
        let fence = ledger.now
        _ = ledger.purge(.tags([bytes("early")]), of: site, .hard)
        for round in 0..<200_000 {
            if round % 10 == 0 {
                _ = ledger.purge(.tags([bytes("unused\(round)")]), of: site, .hard)
            }
            var stamp = ledger.stamp(since: ledger.now, of: site)
            stamp.add(tag: bytes("t\(round)").span)
            let isIncomplete = stamp.isIncomplete
            #expect(!isIncomplete)
            expect(stamp, .untouched, by: ledger)
        }
        #expect(ledger.markCount < 64 * 64)
        #expect(ledger.bytes < 1 << 20)
        var stamp = ledger.stamp(since: fence, of: site)
        stamp.add(tag: bytes("early").span)
        expect(stamp, .gone, by: ledger)
    }

    @Test func `a full table says so instead of losing a tag`() {
        let ledger = PurgeLedger(maxMarks: 64 * 16)
        let site = ledger.site(bytes("s"))
        var stamp = ledger.stamp(since: ledger.now, of: site)
        for index in 0..<5000 { stamp.add(tag: bytes("t\(index)").span) }
        let isIncomplete = stamp.isIncomplete
        #expect(isIncomplete)
        #expect(ledger.markCount <= 64 * 16)
    }

    @Test func `recent purges can be asked about, older ones are forgotten`() {
        let log = PurgeLog(capacity: 3)
        func record(_ number: UInt64) -> PurgeRecord {
            PurgeRecord(
                receipt: PurgeReceipt(number: number, id: "id\(number)", count: 1),
                targets: [.everything], depth: .hard, site: "", caller: "shop", at: 0,
                duration: .microseconds(3))
        }
        for number in 1...5 { log.append(record(UInt64(number))) }
        #expect(log.record(id: "id2") == nil)
        #expect(log.record(id: "id4")?.receipt.number == 4)
        #expect(log.recent(2).map(\.receipt.number) == [5, 4])
    }

    /// Purgers count a version up and then purge, as a shop does; askers who begin after a purge
    /// has returned must not be given anything older as untouched.
    @Test func `a purge that has returned is done, on every thread`() async {
        let shelf = Shelf()
        let versions = (0..<4).map { _ in Version() }
        await withTaskGroup(of: Void.self) { group in
            for purger in 0..<2 {
                group.addTask {
                    for round in 0..<400 {
                        let index = (purger * 2 + round) % 4
                        let version = versions[index]
                        // The origin changes first, then the purge is sent.
                        let changed = version.origin.add(1, ordering: .sequentiallyConsistent)
                        shelf.purge("t\(index)")
                        _ = version.purged.max(
                            changed.newValue, ordering: .sequentiallyConsistent)
                        if round % 8 == 0 { await Task.yield() }
                    }
                }
            }
            for asker in 0..<3 {
                group.addTask {
                    for round in 0..<4000 {
                        let index = (asker + round) % 4
                        let floor = versions[index].purged.load(ordering: .sequentiallyConsistent)
                        if let found = shelf.find("k\(index)") {
                            #expect(found.response.rules.date >= Int64(floor))
                        } else {
                            let fence = shelf.ledger.now
                            let version = versions[index].origin.load(
                                ordering: .sequentiallyConsistent)
                            if round % 3 == 0 { await Task.yield() }
                            shelf.put(version, "k\(index)", "t\(index)", since: fence)
                        }
                    }
                }
            }
        }
    }
}

private func expect(
    _ stamp: borrowing PurgeStamp, _ wanted: PurgeVerdict, by ledger: PurgeLedger,
    at location: SourceLocation = #_sourceLocation
) {
    let verdict = ledger.verdict(on: stamp)
    #expect(verdict == wanted, sourceLocation: location)
}

private final class Version: Sendable {
    let origin = Atomic<UInt64>(0)
    let purged = Atomic<UInt64>(0)
}
