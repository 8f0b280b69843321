import Testing

@testable import PorticoImage

@Suite("Which job may start")
struct ImageQueueTests {
    private func queue(
        _ jobs: Int, workers: Int, capacity: Int = 9
    ) -> (ImageQueue<Int>, taken: [Bool]) {
        var queue = ImageQueue<Int>(workers: workers, memory: 100, capacity: capacity)
        let taken = (0..<jobs).map { queue.offer($0) }
        return (queue, taken)
    }

    private func all(of queue: inout ImageQueue<Int>) -> [ImageQueue<Int>.Entry] {
        var entries: [ImageQueue<Int>.Entry] = []
        while let entry = queue.next() { entries.append(entry) }
        return entries
    }

    @Test func `a full queue refuses`() {
        var (queue, taken) = queue(3, workers: 1, capacity: 2)
        #expect(taken == [true, true, false])
        _ = queue.next()
        let isTaken = queue.offer(9)
        #expect(isTaken)
    }

    @Test func `each gets its share, and together no more than there is`() {
        var (queue, _) = queue(5, workers: 4)
        let running = all(of: &queue)
        #expect(running.map(\.job) == [0, 1, 2, 3])
        #expect(running.allSatisfy { $0.allowance == 25 })
        queue.finished(running[0])
        #expect(all(of: &queue).map(\.job) == [4])
    }

    @Test func `at most half of the memory is for one`() {
        let (queue, _) = queue(0, workers: 1)
        #expect(queue.share == 50)
        #expect(queue.most == 50)
    }

    @Test func `what had too little comes first, and once`() {
        var (queue, _) = queue(5, workers: 4)
        let running = all(of: &queue)
        let mayHaveMore = queue.retry(running[0])
        #expect(mayHaveMore)
        // Half of all is not free while three others run, and nobody overtakes.
        #expect(all(of: &queue).isEmpty)
        queue.finished(running[1])
        let next = all(of: &queue)
        #expect(next.map(\.job) == [0])
        #expect(next.map(\.allowance) == [50])
        #expect(queue.used == 100)
        let again = queue.retry(next[0])
        #expect(!again)
        #expect(queue.used == 50)
    }
}
