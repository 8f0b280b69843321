internal import PorticoBytes

/// What a link does when a value matches (SECLANG §8).
extension Transaction {
    mutating func perform(_ action: Action) {
        switch action {
        case .setVariable(let name, let change, let value): setVariable(name, change, value)
        case .openCollection(let variable, let key):
            let bytes = text(key)
            openCollections.removeAll { $0.variable == variable }
            openCollections.append((variable, bytes))
        case .expire(let variable, let name, let seconds): expire(variable, name, seconds)
        case .removeRules(let rules): for rule in rules { remove(rule) }
        case .removeRulesSelected(let selected, let macro):
            for rule in plan.rules(selected, text(macro)) { remove(rule) }
        case .removeTargets(let rules, let exclusion): removeTargets(rules, exclusion)
        case .removeTargetsSelected(let selected, let macro, let exclusion):
            removeTargets(plan.rules(selected, text(macro)), exclusion)
        case .engine(let wanted):
            engine = mode == .block || wanted == .off ? wanted : .detectionOnly
        case .requestBodyProcessor(let macro):
            let name = text(macro)
            let upper = name.map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 }
            set(.reqbodyProcessor, upper.span)
        case .requestBodyAccess(let isOn): requestBodyAccess = isOn
        case .responseBodyAccess(let isOn):
            responseBodyAccess = isOn && responseBodyLimit > 0
        case .forceRequestBodyVariable(let isOn): forcesRequestBody = isOn
        case .auditEngine(let isOn): audits = isOn
        case .mask(let mask): secrets.add(mask, matched: matched.source)
        }
    }

    private mutating func text(_ macro: Macro) -> [UInt8] {
        let start = heap.byteCount
        expand(macro)
        let text = heap.bytes(in: ByteRange(start, heap.byteCount)).array
        heap.truncate(to: start)
        return text
    }

    // MARK: - setvar

    private mutating func setVariable(_ name: Action.Name, _ change: Action.Change, _ macro: Macro)
    {
        switch name {
        case .slot(let slot): setVariable(slot, change, macro)
        case .built(let built):
            let start = heap.byteCount
            expand(built)
            guard let slot = slot(named: ByteRange(start, heap.byteCount)) else {
                return note("too many names in TX")
            }
            setVariable(slot, change, macro)
        case .member(let variable, let key):
            guard let open = openCollections.last(where: { $0.variable == variable })
            else { return }
            let name = text(key)
            let value = text(macro)
            persistent.update(
                variable, open.key, name: name, change, value, now: now,
                timeout: .seconds(plan.settings.collectionTimeout))
        }
    }

    private mutating func setVariable(_ slot: Int32, _ change: Action.Change, _ macro: Macro) {
        switch change {
        case .remove: unset(slot: slot)
        case .set:
            let start = heap.byteCount
            expand(macro)
            set(slot: slot, heap.value(from: start))
        case .add, .subtract:
            let old = tx[Int(slot)]
            let left = old < 0 ? 0 : DecimalPrefix.value(of: heap.bytes(old))
            let right = number(macro)
            let sum =
                change == .add
                ? left.addingReportingOverflow(right).partialValue
                : left.subtractingReportingOverflow(right).partialValue
            set(slot: slot, heap.add(number: sum))
        }
    }

    private mutating func expire(_ variable: Variable, _ name: Macro, _ seconds: Macro) {
        // TX lives no longer than its request.
        guard variable != .tx,
            let open = openCollections.last(where: { $0.variable == variable })
        else { return }
        let after = max(0, min(number(seconds), 1 << 31))
        persistent.expire(
            variable, open.key, name: text(name), at: now + .seconds(after), now: now)
    }
}
