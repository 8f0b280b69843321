internal import PorticoBytes

/// Collecting the values that a group of rules looks at.
extension Transaction {
    /// Collects and transforms a group's values, and scans them for the literals of its rules.
    mutating func expandStatic(_ group: Int32) {
        let chain = plan.groups[Int(group)].chain
        let list = Int(plan.groups[Int(group)].list)
        if listStates[list].generation != generation { collectStatic(Int32(list)) }
        let start = pairs.count
        let steps = plan.groups[Int(group)].hasEachStep ? plan.chains[Int(chain)].path : []
        for index in Int(listStates[list].start)..<Int(listStates[list].end) {
            var pair = sources[index]
            if !steps.isEmpty {
                pairs.append(pair)
                for step in steps {
                    let value = heap.transformed(pair.source, by: step, plan.chains)
                    if value == pair.value { continue }
                    pair.value = value
                    pairs.append(pair)
                }
                continue
            }
            pair.value = heap.transformed(pair.source, by: chain, plan.chains)
            pairs.append(pair)
        }
        let kinds = sift(group, from: start, isFiltered: plan.groups[Int(group)].isFiltered)
        groupStates[Int(group)] = PairState(
            generation: generation, start: Int32(truncatingIfNeeded: start),
            end: Int32(truncatingIfNeeded: pairs.count), kinds: kinds)
    }

    /// Notes of each pair from `start` on what is asked before operators are, and of the group what
    /// occurs in any of its values.
    private mutating func sift(_ group: Int32, from start: Int, isFiltered: Bool) -> ByteKinds {
        let words = plan.maskWords
        let mask = Int(group) * words
        if isFiltered { for word in 0..<words { groupMasks[mask + word] = 0 } }
        var kinds = ByteKinds.none
        for index in start..<pairs.count {
            let value = pairs[index].value
            let found = heap.kinds(value)
            kinds.formUnion(found)
            var row: Int32 = 0
            if isFiltered {
                row = self.row(of: value)
                if row > 0 {
                    for word in 0..<words { groupMasks[mask + word] |= masks[Int(row) + word] }
                }
            }
            sieves.append(
                Sieve(
                    kinds: found, row: row,
                    count: Int32(truncatingIfNeeded: heap.count(value))))
        }
        return kinds
    }

    private mutating func collectStatic(_ list: Int32) {
        let start = sources.count
        watch?.forget(list)
        for target in plan.lists[Int(list)].targets { collect(target, list, isDynamic: false) }
        listStates[Int(list)] = PairState(
            generation: generation, start: Int32(truncatingIfNeeded: start),
            end: Int32(truncatingIfNeeded: sources.count))
    }

    /// Where in `masks` it stands which rules' literals occur in a value. Row 0 has no bit set.
    mutating func row(of value: ValueID) -> Int32 {
        let known = heap.slots[Int(value)].mask
        if known >= 0 { return known }
        if known < -1 {
            let row = row(of: -2 - known)
            heap.slots[Int(value)].mask = row
            return row
        }
        guard let filter = plan.prefilter else { return 0 }
        let bytes = heap.loan(value)
        let words = plan.maskWords
        var row = masks.count
        for _ in 0..<words { masks.append(0) }
        var all = masks.mutableSpan
        var bits = all._mutatingExtracting(row...)
        if !filter.scan(bytes, into: &bits) {
            masks.removeLast(words)
            row = 0
        }
        heap.slots[Int(value)].mask = Int32(truncatingIfNeeded: row)
        return Int32(truncatingIfNeeded: row)
    }

    mutating func expandDynamic(_ group: Int32) {
        dynamicPairs.removeAll(keepingCapacity: true)
        let list = plan.groups[Int(group)].list
        for target in plan.lists[Int(list)].targets { collect(target, list, isDynamic: true) }
        let chain = plan.groups[Int(group)].chain
        if chain == 0 { return }
        for index in dynamicPairs.indices {
            dynamicPairs[index].value = heap.transformed(
                dynamicPairs[index].source, by: chain, plan.chains)
        }
    }

    // MARK: - Targets

    private mutating func collect(_ target: Target, _ list: Int32, isDynamic: Bool) {
        if target.isCount {
            let first = isDynamic ? dynamicPairs.count : sources.count
            collectValues(target, list, isDynamic: isDynamic)
            let count: Int
            if isDynamic {
                count = dynamicPairs.count - first
                dynamicPairs.removeLast(count)
            } else {
                count = sources.count - first
                sources.removeLast(count)
            }
            let value = heap.add(number: Int64(count))
            let pair = Pair(variable: target.variable, key: -1, source: value, value: value)
            if isDynamic { dynamicPairs.append(pair) } else { sources.append(pair) }
            return
        }
        collectValues(target, list, isDynamic: isDynamic)
    }

    private mutating func collectValues(_ target: Target, _ list: Int32, isDynamic: Bool) {
        let variable = target.variable
        if variable.isScalar {
            if case .all = target.selector {
                let value = scalar(variable)
                if value >= 0 { emit(target, list, -1, value, isDynamic) }
            }
            return
        }
        switch variable {
        case .args:
            collect(.argsGet, target, list, isDynamic)
            collect(.argsPost, target, list, isDynamic)
        case .argsNames:
            collect(.argsGet, target, list, isDynamic, names: true)
            collect(.argsPost, target, list, isDynamic, names: true)
        case .argsGet: collect(.argsGet, target, list, isDynamic)
        case .argsGetNames: collect(.argsGet, target, list, isDynamic, names: true)
        case .argsPost: collect(.argsPost, target, list, isDynamic)
        case .argsPostNames: collect(.argsPost, target, list, isDynamic, names: true)
        case .requestHeaders: collect(.requestHeaders, target, list, isDynamic)
        case .requestHeadersNames:
            collect(.requestHeaders, target, list, isDynamic, names: true)
        case .requestCookies: collect(.requestCookies, target, list, isDynamic)
        case .requestCookiesNames:
            collect(.requestCookies, target, list, isDynamic, names: true)
        case .responseHeaders: collect(.responseHeaders, target, list, isDynamic)
        case .responseHeadersNames:
            collect(.responseHeaders, target, list, isDynamic, names: true)
        case .files, .multipartFilename: collect(.files, target, list, isDynamic)
        case .filesNames: collect(.files, target, list, isDynamic, names: true)
        case .filesSizes: collect(.filesSizes, target, list, isDynamic)
        case .filesTmpContent: collect(.filesTmpContent, target, list, isDynamic)
        case .multipartName: collect(.partNames, target, list, isDynamic, names: true)
        case .multipartPartHeaders: collect(.partHeaders, target, list, isDynamic)
        case .xml:
            if case .key(let path) = target.selector, path.count > 2 {
                collectAll(.xmlAttributes, target, list, isDynamic)
            } else {
                collectAll(.xmlText, target, list, isDynamic)
            }
        case .tx: collectTX(target, list)
        case .ip, .global, .session, .user, .resource: collectPersistent(target, list)
        case .matchedVars:
            for pair in matchedVars { emitMatched(target, list, pair, isName: false) }
        case .matchedVarsNames:
            for pair in matchedVars { emitMatched(target, list, pair, isName: true) }
        case .rule:
            if case .key(let key) = target.selector {
                let start = heap.byteCount
                appendRule(key)
                emit(target, list, -1, heap.value(from: start), isDynamic)
            }
        default: break
        }
    }

    /// XPaths choose the store, not the key.
    private mutating func collectAll(
        _ store: Store, _ target: Target, _ list: Int32, _ isDynamic: Bool
    ) {
        let count = stores[store.rawValue].count
        for index in 0..<count {
            let pair = Pair(
                variable: .xml, key: -1, source: stores[store.rawValue][index].value,
                value: stores[store.rawValue][index].value)
            if isDynamic { dynamicPairs.append(pair) } else { sources.append(pair) }
        }
    }

    private mutating func collect(
        _ store: Store, _ target: Target, _ list: Int32, _ isDynamic: Bool, names: Bool = false
    ) {
        let count = stores[store.rawValue].count
        for index in 0..<count {
            let entry = stores[store.rawValue][index]
            switch target.selector {
            case .all, .slot: break
            case .key(let key):
                guard heap.bytes(entry.key).equalsFolded(key.span) else { continue }
            case .pattern(let pattern):
                guard
                    pattern.firstMatch(in: heap.loan(entry.key), captures: &keyCaptures)
                        == .matched
                else { continue }
            }
            emit(target, list, entry.key, names ? entry.key : entry.value, isDynamic)
        }
    }

    private mutating func collectTX(_ target: Target, _ list: Int32) {
        if case .slot(let slot) = target.selector {
            let value = tx[Int(slot)]
            if value >= 0 { emit(target, list, slotName(slot), value, true) }
            return
        }
        let count = txOrder.count
        for index in 0..<count {
            let slot = txOrder[index]
            let name = slotName(slot)
            if target.selector.matches(heap.loan(name), &keyCaptures) {
                emit(target, list, name, tx[Int(slot)], true)
            }
        }
    }

    private mutating func collectPersistent(_ target: Target, _ list: Int32) {
        guard let open = openCollections.last(where: { $0.variable == target.variable })
        else { return }
        for (name, value) in persistent.values(open.variable, open.key, now: now) {
            let key = heap.add(name.span)
            if target.selector.matches(heap.loan(key), &keyCaptures) {
                emit(target, list, key, heap.add(value.span), true)
            }
        }
    }

    private mutating func emitMatched(
        _ target: Target, _ list: Int32, _ pair: Pair, isName: Bool
    ) {
        let start = heap.byteCount
        appendName(of: pair)
        let name = heap.value(from: start)
        guard target.selector.matches(heap.loan(name), &keyCaptures) else { return }
        emit(target, list, name, isName ? name : pair.value, true)
    }

    /// Adds a value, unless the list excludes it.
    private mutating func emit(
        _ target: Target, _ list: Int32, _ key: ValueID, _ value: ValueID, _ isDynamic: Bool
    ) {
        let count = plan.lists[Int(list)].exclusions.count
        for index in 0..<count
        where plan.lists[Int(list)].exclusions[index].variable == target.variable {
            let selector = plan.lists[Int(list)].exclusions[index].selector
            if selector.leavesOut(key, of: heap, &keyCaptures) {
                if watch?.showsValues == true {
                    watchExcluded(list, target.variable, key, value, isShared: !isDynamic)
                }
                return
            }
        }
        let pair = Pair(variable: target.variable, key: key, source: value, value: value)
        if isDynamic { dynamicPairs.append(pair) } else { sources.append(pair) }
    }
}
