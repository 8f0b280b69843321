import PorticoBytes
import Synchronization
import Testing

@testable import PorticoCache

@Suite("A growing body")
struct GrowingBodyTests {
    static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    }

    @Test(arguments: [0, 1, 4095, 4096, 16_384, 65_535, 65_536, 65_537, 200_000], [true, false])
    func `it is read as it was written, whatever its length`(_ count: Int, _ isKnown: Bool) {
        let shelf = Shelf()
        let all = Self.pattern(count)
        for step in [1000, 7, 100_000] where step != 7 || count < 5000 {
            var writer = shelf.store.makeBody(expecting: isKnown ? count : nil)!
            let body = writer.body
            var start = 0
            while start < count {
                let end = min(start + step, count)
                let isKept = writer.append(all.span.extracting(start..<end))
                #expect(isKept)
                start = end
            }
            writer.finish()
            #expect(body.phase == .complete)
            #expect(readAll(body)! == (all, .finished))
            let half = readAll(body, from: count / 2, atMost: 777)!
            #expect(half == (Array(all[(count / 2)...]), .finished))
        }
    }

    @Test func `a reader at every cut sees what there is, then the rest`() {
        let shelf = Shelf()
        let all = Self.pattern(9000)
        for cut in stride(from: 0, through: 9000, by: 501) {
            var writer = shelf.store.makeBody(expecting: nil)!
            _ = writer.append(all.span.extracting(..<cut))
            var reader = writer.body.reader()!
            var seen: [UInt8] = []
            func drain(_ reader: inout BodyReader) -> BodyProgress {
                while true {
                    let progress = reader.read {
                        seen += $0.array
                        return $0.count
                    }
                    if case .moved = progress { continue }
                    return progress
                }
            }
            var progress = drain(&reader)
            #expect(progress == .caughtUp)
            #expect(seen == Array(all[..<cut]))
            let rings = Rings()
            var waits = reader.whenMore { rings.ring() }
            #expect(waits)
            _ = writer.append(all.span.extracting(cut...))
            #expect(rings.count == (cut < 9000 ? 1 : 0))
            waits = reader.whenMore { rings.ring() }
            #expect(waits == (cut == 9000))
            _ = drain(&reader)
            writer.finish()
            progress = drain(&reader)
            #expect(progress == .finished)
            #expect(seen == all)
        }
    }

    @Test func `a writer that is dropped has failed, after what there is has been read`() {
        let shelf = Shelf()
        var writer = shelf.store.makeBody(expecting: 10)!
        _ = writer.append([1, 2].span)
        let body = writer.body
        let rings = Rings()
        var reader = body.reader()!
        var progress = reader.read { $0.count }
        #expect(progress == .moved(2))
        let waits = reader.whenMore { rings.ring() }
        #expect(waits)
        _ = consume writer
        #expect(rings.count == 1)
        progress = reader.read { $0.count }
        #expect(progress == .failed)
        #expect(readAll(body)! == ([1, 2], .failed))
    }

    @Test func `passing, only what the slowest reader has not read is kept`() {
        let shelf = Shelf(maxObject: 100_000)
        let block = Self.pattern(50_000)
        var writer = shelf.store.makeBody(expecting: nil)!
        let body = writer.body
        var fast = body.reader()!
        var slow = body.reader()!
        for _ in 0..<40 {
            _ = writer.append(block.span)
            while case .moved = fast.read(upTo: .max, { $0.count }) {}
        }
        let (isKept, backlog) = (writer.isKept, writer.backlog)
        #expect(!isKept)
        #expect(backlog == 2_000_000)
        #expect(shelf.store.meter.bytes > 2_000_000)
        let rings = Rings()
        let waits = writer.whenBacklogFalls(to: 500_000) { rings.ring() }
        #expect(waits)
        var seen = 0
        while seen < 1_499_000 {
            if case .moved(let count) = slow.read(upTo: 1000, { $0.count }) { seen += count }
        }
        #expect(rings.count == 0)
        while seen < 1_600_000 {
            if case .moved(let count) = slow.read(upTo: 1000, { $0.count }) { seen += count }
        }
        #expect(rings.count == 1)
        if body.reader() != nil { Issue.record("a reader of what is gone") }
        shelf.store.pool.cool()
        #expect(shelf.store.meter.bytes < 700_000)
        while case .moved(let count) = slow.read(upTo: .max, { $0.count }) { seen += count }
        #expect(seen == 2_000_000)
        writer.finish()
        let ends = (fast.read { $0.count }, slow.read { $0.count })
        #expect(ends == (.finished, .finished))
    }

    @Test func `readers on other threads see every byte`() async {
        let shelf = Shelf()
        let all = Self.pattern(1_000_000)
        await withTaskGroup(of: Bool.self) { group in
            var writer = shelf.store.makeBody(expecting: nil)!
            let body = writer.body
            for _ in 0..<4 {
                group.addTask {
                    var reader = body.reader()!
                    var seen: [UInt8] = []
                    while true {
                        let progress = reader.read {
                            seen += $0.array
                            return $0.count
                        }
                        switch progress {
                        case .moved: continue
                        case .caughtUp:
                            let rings = Rings()
                            if reader.whenMore({ rings.ring() }) {
                                while rings.count == 0 { await Task.yield() }
                            }
                        case .finished: return seen == all
                        case .failed: return false
                        }
                    }
                }
            }
            var start = 0
            while start < all.count {
                let end = min(start + 3001, all.count)
                _ = writer.append(all.span.extracting(start..<end))
                start = end
                if start % 7 == 0 { await Task.yield() }
            }
            writer.finish()
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func `a body that is elsewhere has a length and no reader`() {
        let shelf = Shelf()
        let body = shelf.store.makeBody(elsewhere: 70)
        #expect(body.length == 70 && body.phase == .complete)
        let hasReader = body.reader() != nil
        #expect(!hasReader)
    }
}

/// Counts how often it was rung.
final class Rings: Sendable {
    private let rung = Atomic<Int>(0)

    func ring() { rung.add(1, ordering: .sequentiallyConsistent) }

    var count: Int { rung.load(ordering: .sequentiallyConsistent) }

    @Test func `who is left behind hears that his body is lost, others go on`() {
        let shelf = Shelf()
        var writer = BodyWriter(shelf.store, expecting: nil)
        guard var slow = writer.body.reader(), var fast = writer.body.reader() else {
            Issue.record("no readers")
            return
        }
        writer.pass()
        for _ in 0..<8 { _ = writer.append(Array(repeating: 1, count: 64 << 10).span) }
        while case .moved = fast.read({ $0.count }) {}
        guard let slowest = writer.body.slowestReader else {
            Issue.record("nobody reads")
            return
        }
        #expect(!slowest.isAlone)
        writer.body.leaveBehind(slowest.id)
        #expect(writer.body.slowestReader?.isAlone == true)
        #expect(slow.read { $0.count } == .failed)
        _ = writer.append([2].span)
        #expect(fast.read { $0.count } == .moved(1))
        writer.finish()
        #expect(fast.read { $0.count } == .finished)
    }
}
