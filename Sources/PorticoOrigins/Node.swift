package import PorticoBytes
internal import Synchronization

/// One node of a pool, as one configuration describes it.
///
/// Shared by all threads. What is known about the peer lies in a state that the pool of the next
/// configuration takes over, so that a reload forgets neither health nor drains.
package final class Node: Sendable {
    /// The place in `Pool.nodes`, and in a `NodeSet`.
    package let index: Int
    package let description: NodeDescription
    /// Of the name, so that every process and every order of nodes sends a key to the same one.
    let hash: UInt64
    let state: NodeState
    private let ward: EjectionWard

    init(index: Int, description: NodeDescription, state: NodeState, ward: EjectionWard) {
        precondition(description.weight >= 1)
        self.index = index
        self.description = description
        self.state = state
        self.ward = ward
        hash = Rendezvous.hash(of: description.address)
    }

    package var name: String { description.address }
    package var host: String { description.host }
    package var port: UInt16 { description.port }
    package var weight: Int { description.weight }
    package var isBackup: Bool { description.backup }
    package var identity: NodeIdentity { state.identity }
    package var inFlight: Int { state.inFlight.load(ordering: .relaxed) }

    package var administrative: Administrative {
        // Only raw values are ever stored.
        Administrative(rawValue: state.administrative.load(ordering: .relaxed)) ?? .enabled
    }

    package func isEjected(at now: Instant) -> Bool { state.isEjected(at: now) }

    /// No operator and no probe has taken it out. Connections to one that is not are not kept.
    package var isInService: Bool {
        state.administrative.load(ordering: .relaxed) == Administrative.enabled.rawValue
            && !state.isProbedDown.load(ordering: .relaxed)
    }

    // MARK: - Requests

    /// Counts a request that sets out, unless `limit` are already under way.
    func tryEnter(limit: Int) -> Bool {
        let (before, _) = state.inFlight.add(1, ordering: .relaxed)
        if before >= limit {
            state.inFlight.subtract(1, ordering: .relaxed)
            return false
        }
        state.requests.add(1, ordering: .relaxed)
        return true
    }

    func leave() {
        state.inFlight.subtract(1, ordering: .relaxed)
    }

    /// Notes how an attempt ended. A success costs one load, unless there is something to clear.
    ///
    /// Not to be told: a kept connection that the node closed while it was idle (see
    /// `RetryDecision.again`), and whatever the client broke off.
    package func record(_ outcome: Outcome, at now: Instant) {
        switch outcome {
        case .success:
            if state.isSuspect.load(ordering: .relaxed) { clearSuspicion(at: now) }
        case .failure(let kind):
            recordFailure(kind, at: now)
        }
    }

    private func clearSuspicion(at now: Instant) {
        state.record.withLock { record in
            record.failuresInRow = 0
            // It began before the ejection, or was a last resort: no reason to end the term.
            if state.isEjected(at: now) { return }
            record.isOnProbation = false
            state.isSuspect.store(false, ordering: .relaxed)
        }
    }

    private func recordFailure(_ kind: FailureKind, at now: Instant) {
        state.failures.add(1, ordering: .relaxed)
        let isDown = state.isProbedDown.load(ordering: .relaxed)
        if kind.asksForProbe && ward.health.isActive && !isDown {
            state.wantsProbe.store(true, ordering: .relaxed)
        }
        let rules = ward.rules
        let sentence: Int? = state.record.withLock { record in
            // Requests that were under way when the node was ejected do not prolong it.
            if state.isEjected(at: now) { return nil }
            record.failuresInRow += 1
            state.isSuspect.store(true, ordering: .relaxed)
            // A node that probes have taken down needs no ejection, and must not use up the room.
            if isDown || rules.consecutiveFailures == 0 { return nil }
            guard record.isOnProbation || record.failuresInRow >= rules.consecutiveFailures else {
                return nil
            }
            return record.nextEjection(at: now, under: rules)
        }
        guard let sentence else { return }

        // The record is not locked here: the ward looks at all nodes, one lock at a time.
        let span = rules.duration * min(sentence, 10)
        let end = now + span
        guard ward.eject(state, at: now, until: end) else { return }
        state.ejections.add(1, ordering: .relaxed)
        state.record.withLock { record in
            record.failuresInRow = 0
            record.isOnProbation = true
            record.ejectionsInRow = sentence
            record.lastEjectionEnd = end
            record.passedWhileEjected = 0
            record.note(.ejected(for: span), at: now)
        }
    }

    // MARK: - Probes

    /// Whether the control thread should probe it.
    package var isProbed: Bool { ward.health.isActive && administrative != .disabled }

    /// Whether a failed connection asked for a probe out of turn; asking takes the wish away.
    package func takeProbeWish() -> Bool {
        state.wantsProbe.load(ordering: .relaxed)
            && state.wantsProbe.exchange(false, ordering: .relaxed)
    }

    /// Takes a probe's result; returns what the node is now taken for, if that has changed.
    ///
    /// `rise` passed probes in a row also end an ejection: a node that has come back is used again
    /// before its term is over. It stays on probation.
    package func record(_ result: ProbeResult, at now: Instant) -> HealthMachine.Health? {
        if result == .passed {
            state.probesPassed.add(1, ordering: .relaxed)
        } else {
            state.probesFailed.add(1, ordering: .relaxed)
        }
        return state.record.withLock { record in
            let change = record.machine.record(result, under: ward.health)
            switch result {
            case .passed:
                record.passedWhileEjected += 1
                if change == .up { record.note(.up, at: now) }
                if record.passedWhileEjected >= ward.health.rise && state.isEjected(at: now) {
                    endEjection(&record, at: now)
                    record.note(.readmitted, at: now)
                }
            case .failed(let failure):
                record.passedWhileEjected = 0
                if change == .down {
                    record.note(.down(failure), at: now)
                    // Down says more than ejected, and leaves the room to another node.
                    if state.isEjected(at: now) { endEjection(&record, at: now) }
                }
            }
            state.isProbedDown.store(record.machine.health == .down, ordering: .relaxed)
            return change
        }
    }

    private func endEjection(_ record: inout NodeState.Record, at now: Instant) {
        state.ejectedUntil.store(0, ordering: .relaxed)
        record.lastEjectionEnd = now
    }

    /// When to probe next, after a probe that went from `began` to `ended`. `dice` is any random
    /// word: it spreads the nodes.
    package func nextProbe(began: Instant, ended: Instant, dice: UInt64) -> Instant {
        let inQuestion = state.record.withLock { $0.machine.isInQuestion }
        return ProbeSchedule.next(
            began: began, ended: ended, inQuestion: inQuestion || state.isEjected(at: ended),
            under: ward.health, dice: dice)
    }

    // MARK: - Operators

    package func set(_ administrative: Administrative, at now: Instant) {
        let before = state.administrative.exchange(administrative.rawValue, ordering: .relaxed)
        if before == administrative.rawValue { return }
        state.record.withLock { $0.note(.administrative(administrative), at: now) }
    }

    package func report(at now: Instant) -> NodeReport {
        let (health, history) = state.record.withLock { ($0.machine.health, $0.history) }
        let until = Instant(nanoseconds: state.ejectedUntil.load(ordering: .relaxed))
        return NodeReport(
            name: name, weight: weight, isBackup: isBackup, administrative: administrative,
            health: health, ejectedFor: until > now ? until.since(now) : nil, inFlight: inFlight,
            requests: state.requests.load(ordering: .relaxed),
            failures: state.failures.load(ordering: .relaxed),
            ejections: state.ejections.load(ordering: .relaxed),
            probesPassed: state.probesPassed.load(ordering: .relaxed),
            probesFailed: state.probesFailed.load(ordering: .relaxed), history: history)
    }

    /// What a pool without probes does to a state from one with them: nobody would ever lift it.
    func forgetProbes() {
        state.record.withLock { $0.machine = HealthMachine() }
        state.isProbedDown.store(false, ordering: .relaxed)
    }
}
