import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Health machine")
struct HealthMachineTests {
    /// `+` is a passed probe, `-` a failed one; the letters are what the node is taken for after
    /// each: unknown, up, down, and a capital where that has just changed.
    @Test(arguments: [
        ("+", "U"), ("--+", "ooU"), ("---", "ooD"), ("---+", "ooDd"), ("---++", "ooDdU"),
        ("---+-++", "ooDdddU"), ("+--+--+", "Uuuuuuu"), ("+---", "UuuD"), ("---++---", "ooDdUuuD"),
    ])
    func `three failures take it down and two passes bring it up`(_ probes: String, _ then: String)
    {
        var machine = HealthMachine()
        var seen = ""
        for probe in probes {
            let change = machine.record(probe == "+" ? .passed : .refused, under: HealthRules())
            let letter = ["unknown": "o", "up": "u", "down": "d"][
                machine.health.rawValue, default: "?"]
            seen += change == nil ? letter : letter.uppercased()
        }
        #expect(seen == then)
    }

    @Test func `rules of one decide at once`() {
        var rules = HealthRules()
        (rules.fall, rules.rise) = (1, 1)
        var machine = HealthMachine()
        #expect(machine.record(.failed(.timedOut), under: rules) == .down)
        #expect(machine.record(.passed, under: rules) == .up)
        #expect(machine.record(.failed(.status(500)), under: rules) == .down)
    }

    @Test(arguments: [
        (0.0, false, UInt64(0), 2.0), (0, true, 0, 0.5), (0.25, false, 0, 2), (1, true, 0, 1),
        (0, false, 512, 1.9), (0, true, 512, 0.475),
    ])
    func `the next probe is counted from the beginning of the last`(
        _ took: Double, _ inQuestion: Bool, _ dice: UInt64, _ next: Double
    ) {
        let due = ProbeSchedule.next(
            began: second(0), ended: second(took), inQuestion: inQuestion, under: HealthRules(),
            dice: dice)
        #expect(due == second(next))
    }

    @Test func `first probes are spread over a quarter of the interval`() {
        let rules = HealthRules()
        #expect(ProbeSchedule.first(at: second(0), under: rules, dice: 0) == second(0))
        #expect(ProbeSchedule.first(at: second(0), under: rules, dice: 512) == second(0.25))
        #expect(ProbeSchedule.first(at: second(0), under: rules, dice: .max) < second(0.5))
    }

    @Test func `a silent node is found down within two intervals`() {
        let node = Pool(describe([1]) { $0.health.path = "/health" }).nodes[0]
        node.probe([.passed], at: second(0))
        // It falls silent right after that probe.
        var began = node.nextProbe(began: second(0), ended: second(0), dice: 0)
        var ended = began
        for _ in 0..<3 {
            ended = began + .milliseconds(100)
            node.probe([.failed(.timedOut)], at: ended)
            began = node.nextProbe(began: began, ended: ended, dice: 0)
        }
        #expect(!node.isInService)
        #expect(ended < second(4))
    }
}
