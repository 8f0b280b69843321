internal import PorticoBytes

/// Rules, one after the other.
extension Transaction {
    /// Runs a phase's rules; true if the request is to be stopped.
    mutating func run(phase: Int) {
        if engine == .off { return }
        if phase < 5 {
            if intervention != nil || skipsEverything || (skipsRequest && phase <= 2) { return }
        }
        let program = plan.programs[phase]
        var position = 0
        while position < program.count {
            let rule = program[position]
            position += 1
            if hasRemoved, removed[Int(rule) >> 6] >> UInt64(rule & 63) & 1 == 1 {
                watch?.leaveOut(rule)
                continue
            }
            if watch != nil { watchBegin(rule) }
            let isPossible = !isFiltering || !isRuledOut(plan.firstLinks[Int(rule)])
            let holds = isPossible && matches(rule)
            if watch != nil { watchEnd(rule, holds) }
            guard holds else { continue }
            if plan.rules[Int(rule)].skipTo >= 0 {
                position = Int(plan.rules[Int(rule)].skipTo)
            }
            if intervene(rule, phase: phase) { return }
            if engine == .off { return }
        }
    }

    /// Whether the phase is over.
    private mutating func intervene(_ rule: Int32, phase: Int) -> Bool {
        let wanted: Intervention
        switch plan.rules[Int(rule)].disruption {
        case .pass: return false
        case .allow(let allowance):
            // In a mode that only watches, what follows shall be seen as well.
            if engine != .on { return false }
            switch allowance {
            case .everything: skipsEverything = true
            case .phase: break
            case .request: skipsRequest = phase <= 2
            }
            return true
        case .deny: wanted = .deny(status: plan.rules[Int(rule)].status)
        case .drop: wanted = .drop
        case .redirect(let macro):
            let status = plan.rules[Int(rule)].status
            let start = heap.byteCount
            expand(macro)
            let location = heap.bytes(in: ByteRange(start, heap.byteCount)).array
            heap.truncate(to: start)
            wanted = .redirect(
                status: (300...399).contains(status) ? status : 302, location: location)
        }
        if phase == 5 { return false }
        if engine == .on {
            intervention = wanted
            return true
        }
        wouldIntervene = true
        return false
    }

    /// Evaluates a rule with its chain and does what it says, except for what stops or skips.
    private mutating func matches(_ rule: Int32) -> Bool {
        current = rule
        matchedVars.removeAll(keepingCapacity: true)
        let firstMatch = matches.count
        var link = plan.rules[Int(rule)].firstLink
        repeat {
            watch?.beginLink()
            guard holds(link, rule) else {
                matches.removeLast(matches.count - firstMatch)
                return false
            }
            link = plan.links[Int(link)].next
        } while link >= 0
        if plan.rules[Int(rule)].logs || plan.rules[Int(rule)].audits {
            log(rule, matches: firstMatch..<matches.count)
        }
        if let severity = plan.rules[Int(rule)].severity {
            highestSeverity = min(highestSeverity, Int(severity.rawValue))
        }
        return true
    }

    // MARK: - What cannot match

    /// Whether no value of the link's group has what its operator demands.
    private mutating func isRuledOut(_ link: Int32) -> Bool {
        let gate = plan.gates[Int(link)]
        let group = Int(gate.group)
        if group < 0 { return false }
        if groupStates[group].generation != generation { expandStatic(gate.group) }
        if !gate.kinds.admits(groupStates[group].kinds) { return true }
        if gate.filter < 0 { return false }
        let word = groupMasks[group * plan.maskWords + Int(gate.filter >> 6)]
        return word >> UInt64(gate.filter & 63) & 1 == 0
    }

    /// Whether a value has what the gate demands.
    private mutating func admits(_ value: ValueID, _ gate: Gate) -> Bool {
        let kinds = heap.kinds(value)
        guard gate.kinds.admits(kinds), heap.count(value) >= Int(gate.shortest) else {
            return false
        }
        if kinds.isDisjoint(with: plan.absent), !gate.plainKinds.admits(kinds) { return false }
        if gate.filter < 0 { return true }
        let row = Int(row(of: value))
        return masks[row + Int(gate.filter >> 6)] >> UInt64(gate.filter & 63) & 1 == 1
    }

    /// The next pair from `index` on whose value has what the gate demands; `end` if there is none.
    private func candidate(from index: Int, to end: Int, _ gate: Gate) -> Int {
        if !isFiltering { return index }
        let word = Int(gate.filter >> 6)
        let bit = UInt64(gate.filter & 63)
        let shortest = gate.shortest
        let absent = plan.absent
        // SAFETY: `sieves` has an element for each pair, and rows lie within `masks`.
        return unsafe sieves.withUnsafeBufferPointer { sieves in
            unsafe masks.withUnsafeBufferPointer { masks in
                var index = index
                while index < end {
                    let sieve = unsafe sieves[index]
                    if gate.kinds.admits(sieve.kinds), sieve.count >= shortest,
                        !sieve.kinds.isDisjoint(with: absent)
                            || gate.plainKinds.admits(sieve.kinds)
                    {
                        if gate.filter < 0 { break }
                        if unsafe masks[Int(sieve.row) &+ word] >> bit & 1 == 1 { break }
                    }
                    index &+= 1
                }
                return index
            }
        }
    }

    // MARK: - One link

    private mutating func holds(_ link: Int32, _ rule: Int32) -> Bool {
        switch plan.links[Int(link)].look {
        case .nothing:
            perform(link)
            return true
        case .slot(let slot):
            let source = tx[Int(slot)]
            if source < 0 { return false }
            let chain = plan.links[Int(link)].chain
            let value = heap.transformed(source, by: chain, plan.chains)
            return tests(
                link, rule,
                Pair(
                    variable: .tx, key: ValueHeap.slotNames + slot, source: source, value: value))
        case .slotCount(let slot):
            let value = tx[Int(slot)] < 0 ? ValueHeap.zero : ValueHeap.one
            return tests(
                link, rule, Pair(variable: .tx, key: -1, source: value, value: value))
        case .group(let group):
            return holds(link, rule, group)
        }
    }

    private mutating func holds(_ link: Int32, _ rule: Int32, _ group: Int32) -> Bool {
        guard plan.groups[Int(group)].isStatic else {
            expandDynamic(group)
            var holds = false
            // What the link itself adds to TX or MATCHED_VARS is not looked at.
            let count = dynamicPairs.count
            let gate = plan.gates[Int(link)]
            for index in 0..<count {
                if isFiltering, !admits(dynamicPairs[index].value, gate) { continue }
                if tests(link, rule, dynamicPairs[index]) { holds = true }
            }
            return holds
        }
        if groupStates[Int(group)].generation != generation {
            expandStatic(group)
            watch?.countShared()
        }
        watch?.open(plan.groups[Int(group)].list)
        if isFiltering, isRuledOut(link) { return false }
        let gate = plan.gates[Int(link)]
        let end = Int(groupStates[Int(group)].end)
        var holds = false
        var index = candidate(from: Int(groupStates[Int(group)].start), to: end, gate)
        while index < end {
            if testsOnce(link, rule, pairs[index]) { holds = true }
            index = candidate(from: index + 1, to: end, gate)
        }
        return holds
    }

    /// Tests one value, and does what the link does if it holds.
    private mutating func tests(_ link: Int32, _ rule: Int32, _ pair: Pair) -> Bool {
        if plan.links[Int(link)].isMultiMatch { return testsEachStep(link, rule, pair) }
        return testsOnce(link, rule, pair)
    }

    private mutating func testsOnce(_ link: Int32, _ rule: Int32, _ pair: Pair) -> Bool {
        let holds = isTrue(link, of: pair.value) && !isRemoved(pair, from: rule)
        if watch?.showsValues == true { watchValue(link, rule, pair, holds) }
        guard holds else { return false }
        accept(link, rule, pair)
        return true
    }

    /// Before any transformation, and after each that changes the value.
    private mutating func testsEachStep(_ link: Int32, _ rule: Int32, _ pair: Pair) -> Bool {
        if isRemoved(pair, from: rule) {
            if watch?.showsValues == true { watchValue(link, rule, pair, false) }
            return false
        }
        var holds = false
        var last: ValueID = -1
        var chain = plan.links[Int(link)].chain
        let path = plan.chains[Int(chain)].path
        for step in -1..<path.count {
            chain = step < 0 ? 0 : path[step]
            let value = heap.transformed(pair.source, by: chain, plan.chains)
            if value == last { continue }
            last = value
            let isTrue = isTrue(link, of: value)
            let step = Pair(
                variable: pair.variable, key: pair.key, source: pair.source, value: value)
            if watch?.showsValues == true { watchValue(link, rule, step, isTrue) }
            guard isTrue else { continue }
            accept(link, rule, step)
            holds = true
        }
        return holds
    }

    private mutating func isTrue(_ link: Int32, of value: ValueID) -> Bool {
        let isNegated = plan.links[Int(link)].isNegated
        switch plan.links[Int(link)].test {
        case .always: return !isNegated
        case .never: return isNegated
        case .number(let relation, let number):
            return relation.holds(DecimalPrefix.value(of: heap.bytes(value)), number) != isNegated
        case .numberMacro(let relation, let macro):
            let number = self.number(macro)
            return relation.holds(DecimalPrefix.value(of: heap.bytes(value)), number) != isNegated
        case .compiled(var test):
            captures.wanted = plan.links[Int(link)].captures
            if let plain = plan.links[Int(link)].plainTest,
                heap.kinds(value).isDisjoint(with: plan.absent), isFiltering
            {
                test = plain
            }
            let holds = test.evaluate(heap.loan(value), captures: &captures)
            if captures.exceededLimits { noteExceededLimits() }
            return holds != isNegated
        case .expanded(let test, let macro):
            captures.wanted = plan.links[Int(link)].captures
            let start = heap.byteCount
            expand(macro)
            let holds = test.evaluate(
                heap.loan(value), operand: heap.loan(in: ByteRange(start, heap.byteCount)),
                captures: &captures)
            heap.truncate(to: start)
            return holds != isNegated
        }
    }

    private mutating func noteExceededLimits() {
        set(slot: plan.limitSlot, ValueHeap.one)
        note("rule \(plan.rules[Int(current)].id): the pattern's match limit is exceeded")
    }

    /// At most so many sentences of the engine in one record.
    mutating func note(_ text: String) {
        if errors.count < 16 { errors.append(text) }
    }

    private mutating func isRemoved(_ pair: Pair, from rule: Int32) -> Bool {
        removal(of: pair, from: rule) != nil
    }

    /// Which of the target removals leaves a value out.
    mutating func removal(of pair: Pair, from rule: Int32) -> Int? {
        guard !targetRemovals.isEmpty,
            targetRemovalRules[Int(rule) >> 6] >> UInt64(rule & 63) & 1 == 1
        else { return nil }
        for index in targetRemovals.indices {
            let exclusion = targetRemovals[index].exclusion
            guard exclusion.variable == pair.variable,
                targetRemovals[index].rules.sortedContains(rule)
            else { continue }
            if pair.key < 0 {
                if case .all = exclusion.selector { return index }
                continue
            }
            if exclusion.selector.matches(heap.loan(pair.key), &keyCaptures) { return index }
        }
        return nil
    }

    // MARK: - A value that matched

    private mutating func accept(_ link: Int32, _ rule: Int32, _ pair: Pair) {
        matched = pair
        if matchedVars.count < 4096 { matchedVars.append(pair) }
        if plan.rules[Int(rule)].logs || plan.rules[Int(rule)].audits { record(pair, link) }
        if plan.links[Int(link)].captures, !plan.links[Int(link)].isNegated, captures.count > 0 {
            capture(pair.value)
        }
        perform(link)
    }

    private mutating func capture(_ value: ValueID) {
        for group in 0..<10 {
            if let range = captures.range(group, of: heap.loan(value)) {
                set(slot: Int32(group), heap.add(part: range, of: value))
            } else if group == 0, let text = capturedText(of: value) {
                set(slot: 0, heap.add(text.span))
            } else {
                unset(slot: Int32(group))
            }
        }
    }

    /// What an operator captured that is no part of the value.
    private func capturedText(of value: ValueID) -> [UInt8]? {
        captures.group(0, of: heap.bytes(value))?.array
    }

    private mutating func perform(_ link: Int32) {
        let count = plan.links[Int(link)].actions.count
        for index in 0..<count { perform(plan.links[Int(link)].actions[index]) }
    }
}

extension [Int32] {
    /// Whether it holds an element; sorted ascending.
    func sortedContains(_ element: Int32) -> Bool {
        var lower = 0
        var upper = count
        while lower < upper {
            let middle = (lower + upper) / 2
            if self[middle] < element { lower = middle + 1 } else { upper = middle }
        }
        return lower < count && self[lower] == element
    }
}
