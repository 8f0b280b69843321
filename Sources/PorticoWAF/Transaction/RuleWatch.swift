internal import PorticoBytes

/// What the rules of a request did, step by step: for `portico waf explain` and `bench`.
///
/// Set on a transaction before `start`, read after `finish`. Bounded by the request, like the
/// transaction itself, times the number of rules: not for servers.
package struct RuleWatch: Sendable {
    /// One value that a link looked at.
    package struct Look: Sendable {
        package enum Outcome: Equatable, Sendable {
            /// Where in the last value, if the operator knows.
            case matched(Range<Int>?)
            case missed
            /// A `ctl` of the rule with that number, or nil: the route's configuration.
            case excluded(byRule: Int32?)
            /// An exclusion that stands in the rule's own targets, or that was added to them.
            case excludedByTarget
        }

        package let variable: String
        package let source: [UInt8]
        /// The value behind each transformation, in order.
        package var steps: [(transformation: Transformation, value: [UInt8])] = []
        package let outcome: Outcome
    }

    /// A rule that ran, or one that did not because it was removed.
    package struct Run: Sendable {
        package enum Outcome: Equatable, Sendable {
            case matched, missed
            /// As in `Look.Outcome.excluded`.
            case removed(byRule: Int32?)
        }

        /// Index into `RuleSet.rules`.
        package let rule: Int32
        /// One list for each link that was looked at.
        package var links: [[Look]] = []
        package var outcome = Outcome.missed
        package var score = 0
        /// How many rules of the phase the match left out.
        package var skipped = 0
    }

    package private(set) var runs: [Run] = []
    /// Nanoseconds that each rule took, without what it shares with others; empty without a clock.
    package private(set) var costs: [UInt64] = []
    /// How often each rule ran.
    package private(set) var counts: [UInt64] = []
    /// For each phase, what collecting, transforming and scanning of values took.
    package private(set) var sharedCosts: [UInt64] = Array(repeating: 0, count: 6)
    /// How often the clock was read for that.
    package private(set) var sharedCounts: [UInt64] = Array(repeating: 0, count: 6)

    let showsValues: Bool
    /// Nanoseconds of any origin.
    private let clock: (@Sendable () -> UInt64)?
    private var began: UInt64 = 0
    private var phase = 0
    private var removers: [Int32: Int32] = [:]
    var targetRemovers: [Int32] = []
    private var excluded: [Int32: [Look]] = [:]

    /// Writes down what each rule looked at.
    package init() {
        showsValues = true
        clock = nil
    }

    /// Adds up what each rule costs, over any number of requests.
    package init(clock: @escaping @Sendable () -> UInt64) {
        showsValues = false
        self.clock = clock
    }

    // MARK: - As the rules run

    mutating func begin(_ rule: Int32, phase: Int, of count: Int) {
        self.phase = phase
        if let clock {
            if costs.count < count {
                costs = Array(repeating: 0, count: count)
                counts = costs
            }
            began = clock()
        } else {
            runs.append(Run(rule: rule))
        }
    }

    mutating func beginLink() {
        if showsValues, !runs.isEmpty { runs[runs.count - 1].links.append([]) }
    }

    /// The group's values are collected anew.
    mutating func forget(_ group: Int32) { excluded[group] = nil }

    /// What was excluded from a group counts for each rule that looks at it.
    mutating func open(_ group: Int32) {
        guard showsValues, let looks = excluded[group] else { return }
        for look in looks { add(look) }
    }

    mutating func exclude(_ look: Look, from group: Int32, isShared: Bool) {
        if isShared { excluded[group, default: []].append(look) } else { add(look) }
    }

    mutating func add(_ look: Look) {
        guard !runs.isEmpty, !runs[runs.count - 1].links.isEmpty else { return }
        let run = runs.count - 1
        runs[run].links[runs[run].links.count - 1].append(look)
    }

    /// The time until here was for values that other rules use too.
    mutating func countShared() {
        guard let clock else { return }
        let now = clock()
        sharedCosts[phase] &+= now &- began
        sharedCounts[phase] &+= 1
        began = now
    }

    mutating func end(_ rule: Int32, _ holds: Bool, score: Int, skipped: Int) {
        if let clock {
            costs[Int(rule)] &+= clock() &- began
            counts[Int(rule)] &+= 1
        } else if !runs.isEmpty {
            runs[runs.count - 1].outcome = holds ? .matched : .missed
            runs[runs.count - 1].score = score
            runs[runs.count - 1].skipped = skipped
        }
    }

    /// `by` is -1 for the route's configuration.
    mutating func remove(_ rule: Int32, by: Int32) {
        if showsValues, removers[rule] == nil { removers[rule] = by }
    }

    mutating func leaveOut(_ rule: Int32) {
        guard showsValues else { return }
        var run = Run(rule: rule)
        run.outcome = .removed(byRule: removers[rule].flatMap { $0 < 0 ? nil : $0 })
        runs.append(run)
    }

    /// What the last request left is forgotten; the costs are kept.
    mutating func start() {
        removers.removeAll()
        targetRemovers.removeAll()
        excluded.removeAll()
        runs.removeAll()
    }
}

extension Transaction {
    mutating func watchBegin(_ rule: Int32) {
        watch?.begin(rule, phase: plan.rules[Int(rule)].phase, of: plan.rules.count)
    }

    mutating func watchEnd(_ rule: Int32, _ holds: Bool) {
        var skipped = 0
        let phase = plan.rules[Int(rule)].phase
        let target = Int(plan.rules[Int(rule)].skipTo)
        if holds, target >= 0, let position = plan.programs[phase].firstIndex(of: rule) {
            skipped = max(0, target - position - 1)
        }
        let score = watch?.showsValues == true ? score : 0
        watch?.end(rule, holds, score: score, skipped: skipped)
    }

    private mutating func name(_ pair: Pair) -> String {
        let start = heap.byteCount
        appendName(of: pair)
        let name = heap.bytes(in: ByteRange(start, heap.byteCount)).text
        heap.truncate(to: start)
        return name
    }

    mutating func watchValue(_ link: Int32, _ rule: Int32, _ pair: Pair, _ holds: Bool) {
        var outcome = RuleWatch.Look.Outcome.missed
        if holds {
            var span: Range<Int>?
            if !plan.links[Int(link)].isNegated, case .compiled = plan.links[Int(link)].test {
                span = captures.range(0, of: heap.bytes(pair.value))
            }
            outcome = .matched(span)
        } else if let index = removal(of: pair, from: rule) {
            let by = watch.map { index < $0.targetRemovers.count ? $0.targetRemovers[index] : -1 }
            outcome = .excluded(byRule: by.flatMap { $0 < 0 ? nil : $0 })
        }
        var look = RuleWatch.Look(
            variable: name(pair), source: heap.bytes(pair.source).array, outcome: outcome)
        var chain = plan.links[Int(link)].chain
        if case .group(let group) = plan.links[Int(link)].look {
            chain = plan.groups[Int(group)].chain
        }
        for step in plan.chains[Int(chain)].path {
            let value = heap.transformed(pair.source, by: step, plan.chains)
            look.steps.append((plan.chains[Int(step)].step, heap.bytes(value).array))
            // Of multiMatch, only as far as it has come.
            if plan.links[Int(link)].isMultiMatch, value == pair.value { break }
        }
        if plan.links[Int(link)].isMultiMatch, pair.value == pair.source { look.steps = [] }
        watch?.add(look)
    }

    mutating func watchExcluded(
        _ group: Int32, _ variable: Variable, _ key: ValueID, _ value: ValueID
    ) {
        let look = RuleWatch.Look(
            variable: name(Pair(variable: variable, key: key, source: value, value: value)),
            source: heap.bytes(value).array, outcome: .excludedByTarget)
        watch?.exclude(look, from: group, isShared: plan.groups[Int(group)].isStatic)
    }
}
