import PorticoBytes
import PorticoTelemetry
import Synchronization
import Testing

@Suite("Log queue")
struct LogQueueTests {
    @Test func `lines come out in the order in which they were offered`() {
        let queue = LogQueue()
        var lines = Buffer()
        #expect(offered(&lines, to: queue) == .nothing)
        lines.append("one\n")
        #expect(offered(&lines, to: queue) == .takenFirst)
        lines.append("two\nthree\n")
        #expect(offered(&lines, to: queue) == .takenBehind)
        var batch: [UInt8] = []
        #expect(taken(&batch, from: queue))
        #expect(batch.span.text == "one\ntwo\nthree\n")
        #expect(!taken(&batch, from: queue))
        #expect(batch.isEmpty)
        lines.append("four\n")
        #expect(offered(&lines, to: queue) == .takenFirst)
    }

    @Test func `what finds no room is dropped whole and counted`() {
        let queue = LogQueue(limit: 10)
        var lines = Buffer()
        lines.append("12345\n")
        #expect(offered(&lines, to: queue) == .takenFirst)
        lines.append("a\nb\nc\n")
        #expect(offered(&lines, to: queue) == .dropped(lines: 3))
        lines.append("678\n")
        #expect(offered(&lines, to: queue) == .takenBehind)
        var batch: [UInt8] = []
        #expect(taken(&batch, from: queue))
        #expect(batch.span.text == "12345\n678\n")
    }

    @Test func `what the writer holds counts until it asks again`() {
        let queue = LogQueue(limit: 10)
        var lines = Buffer()
        var batch: [UInt8] = []
        lines.append("1234567\n")
        #expect(offered(&lines, to: queue) == .takenFirst)
        #expect(taken(&batch, from: queue))
        lines.append("abc\n")
        #expect(offered(&lines, to: queue) == .dropped(lines: 1))
        #expect(!taken(&batch, from: queue))
        lines.append("abc\n")
        #expect(offered(&lines, to: queue) == .takenFirst)
    }

    @Test func `storage goes back and forth`() {
        let queue = LogQueue()
        var lines = Buffer()
        var batch: [UInt8] = []
        lines.append(String(repeating: "one long line\n", count: 100))
        for _ in 0..<2 {
            _ = queue.offer(&lines)
            _ = queue.take(into: &batch)
            lines.append(String(repeating: "one long line\n", count: 100))
        }
        lines.removeAll()
        for _ in 0..<10 {
            lines.append("a short one\n")
            #expect(offered(&lines, to: queue) == .takenFirst)
            #expect(taken(&batch, from: queue))
            #expect(batch.capacity >= 1400)
        }
    }

    @Test func `many workers lose nothing but what they count`() async {
        let queue = LogQueue(limit: 4096)
        let workers = 4
        let linesEach = 5000
        let results = Results()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var lines = Buffer()
                    var dropped = 0
                    for number in 0..<linesEach {
                        lines.append("\(worker):\(number)\n")
                        if number % 7 == 0 || number == linesEach - 1,
                            case .dropped(let count) = queue.offer(&lines)
                        {
                            dropped += count
                        }
                    }
                    results.dropped.add(dropped, ordering: .relaxed)
                    results.finished.add(1, ordering: .releasing)
                }
            }
            group.addTask {
                var batch: [UInt8] = []
                var last = [Int](repeating: -1, count: workers)
                while true {
                    let isLast = results.finished.load(ordering: .acquiring) == workers
                    if queue.take(into: &batch) {
                        #expect(batch.count <= queue.limit)
                        #expect(batch.last == 0x0A)
                        for line in batch.split(separator: 0x0A) {
                            let parts = line.split(separator: 0x3A)
                            let numbers = parts.map { Array($0).span.decimal.map(Int.init) }
                            guard parts.count == 2, let worker = numbers[0],
                                let number = numbers[1]
                            else {
                                Issue.record("a broken line: \(Array(line).span.text)")
                                return
                            }
                            // A worker's lines stay in order.
                            #expect(number > last[worker])
                            last[worker] = number
                            results.written.add(1, ordering: .relaxed)
                        }
                    } else if isLast {
                        return
                    } else {
                        await Task.yield()
                    }
                }
            }
        }
        let written = results.written.load(ordering: .relaxed)
        #expect(written + results.dropped.load(ordering: .relaxed) == workers * linesEach)
    }

    // The macro cannot pass a value that it must not copy.
    private func offered(_ lines: inout Buffer, to queue: LogQueue) -> LogQueue.Handover {
        let handover = queue.offer(&lines)
        let rest = lines.count
        #expect(rest == 0)
        return handover
    }

    private func taken(_ batch: inout [UInt8], from queue: LogQueue) -> Bool {
        queue.take(into: &batch)
    }

    private final class Results: Sendable {
        let written = Atomic(0)
        let dropped = Atomic(0)
        /// Workers that have offered all.
        let finished = Atomic(0)
    }
}
