import PorticoTelemetry
import Testing

@Suite("Worker counters")
struct WorkerCountersTests {
    @Test func `there is a cell for each count`() {
        #expect(Count.allCases.count <= WorkerCounters.capacity)
        let counters = WorkerCounters()
        for count in Count.allCases { counters.add(count.rawValue + 1, to: count) }
        for count in Count.allCases { #expect(counters.value(of: count) == count.rawValue + 1) }
    }

    @Test func `totals are the sums over workers`() {
        let workers = [WorkerCounters(), WorkerCounters()]
        workers[0].add(10, to: .clientBytesIn)
        workers[1].add(5, to: .clientBytesIn)
        workers[0].increment(.connectionsOpen)
        workers[1].increment(.connectionsOpen)
        workers[1].add(-1, to: .connectionsOpen)
        workers[1].requestDuration.record(microseconds: 7)
        var totals = CounterTotals()
        for worker in workers { totals.add(worker) }
        #expect(totals[.clientBytesIn] == 15)
        #expect(totals[.connectionsOpen] == 1)
        #expect(totals.requestDuration.count == 1)
        #expect(totals.originFirstByte.count == 0)
    }

    @Test(arguments: [
        (100, Count.requests1xx), (204, .requests2xx), (304, .requests3xx),
        (499, .requests4xx), (503, .requests5xx),
    ])
    func `a status counts in its class`(_ status: Int, _ count: Count) {
        #expect(Count.requests(status: status) == count)
    }

    @Test(arguments: [
        (400, Count.requestFaults400), (408, .requestFaults408), (413, .requestFaults413),
        (414, .requestFaults414), (421, .requestFaults421), (431, .requestFaults431),
        (501, .requestFaults501), (505, .requestFaults505), (405, .requestFaults400),
    ])
    func `a refusal counts under its status`(_ status: Int, _ count: Count) {
        #expect(Count.requestFaults(status: status) == count)
    }
}
