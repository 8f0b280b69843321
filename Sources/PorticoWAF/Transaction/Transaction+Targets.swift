internal import PorticoBytes

/// Collecting the values that a group of rules looks at.
extension Transaction {
    /// Collects and transforms a group's values, and scans them for the literals of its rules.
    mutating func expandStatic(_ group: Int32) {
        let start = pairs.count
        for target in plan.groups[Int(group)].targets { collect(target, group, isDynamic: false) }
        let chain = plan.groups[Int(group)].chain
        for index in start..<pairs.count {
            pairs[index].value = heap.transformed(pairs[index].source, by: chain, plan.chains)
        }
        groupStates[Int(group)] = GroupState(
            generation: generation, start: Int32(truncatingIfNeeded: start),
            end: Int32(truncatingIfNeeded: pairs.count))
        guard plan.groups[Int(group)].isFiltered else { return }
        let words = plan.maskWords
        let row = Int(group) * words
        for word in 0..<words { groupMasks[row + word] = 0 }
        scan(from: start)
        for index in start..<pairs.count {
            let mask = Int(heap.slots[Int(pairs[index].value)].mask)
            for word in 0..<words { groupMasks[row + word] |= masks[mask + word] }
        }
    }

    /// A scan costs more than a hundred bytes of it do, so that short values are scanned
    /// together. What occurs in one of them then counts for all: some are looked at for nothing.
    private static var jointBytes: Int { 384 }

    /// Sees to it that each value from `start` on has its row of bits, which say which rules'
    /// literals occur in it.
    private mutating func scan(from start: Int) {
        // No literal is shorter than two bytes; row 0 has no bit set.
        joint.removeAll(keepingCapacity: true)
        jointValues.removeAll(keepingCapacity: true)
        for index in start..<pairs.count {
            let value = pairs[index].value
            if heap.slots[Int(value)].mask >= 0 { continue }
            let count = heap.count(value)
            if count < RequiredLiterals.shortest {
                heap.slots[Int(value)].mask = 0
                continue
            }
            if joint.count + count > Self.jointBytes { flushJoint() }
            // For now; the row's number is written when the scan is done.
            jointValues.append(value)
            if count > Self.jointBytes {
                let bytes = heap.loan(value)
                scanJoint(bytes)
                continue
            }
            let bytes = heap.loan(value)
            // SAFETY: the array copies before the pointer ends.
            unsafe bytes.withUnsafeBufferPointer { unsafe joint.append(contentsOf: $0) }
            joint.append(0)
        }
        flushJoint()
    }

    private mutating func flushJoint() {
        if jointValues.isEmpty { return }
        let bytes = joint
        joint = []
        scanJoint(bytes.span)
        joint = bytes
        joint.removeAll(keepingCapacity: true)
    }

    private mutating func scanJoint(_ bytes: Span<UInt8>) {
        guard let filter = plan.prefilter else { return }
        let row = Int32(truncatingIfNeeded: masks.count)
        var bits = scanRow
        scanRow = []
        for word in bits.indices { bits[word] = 0 }
        var span = bits.mutableSpan
        filter.scan(bytes, into: &span, scratch: &captures.literals)
        masks.append(contentsOf: bits)
        scanRow = bits
        for value in jointValues { heap.slots[Int(value)].mask = row }
        jointValues.removeAll(keepingCapacity: true)
    }

    mutating func expandDynamic(_ group: Int32) {
        dynamicPairs.removeAll(keepingCapacity: true)
        for target in plan.groups[Int(group)].targets {
            collect(target, group, isDynamic: true)
        }
        let chain = plan.groups[Int(group)].chain
        if chain == 0 { return }
        for index in dynamicPairs.indices {
            dynamicPairs[index].value = heap.transformed(
                dynamicPairs[index].source, by: chain, plan.chains)
        }
    }

    // MARK: - Targets

    private mutating func collect(_ target: Target, _ group: Int32, isDynamic: Bool) {
        if target.isCount {
            let first = isDynamic ? dynamicPairs.count : pairs.count
            collectValues(target, group, isDynamic: isDynamic)
            let count: Int
            if isDynamic {
                count = dynamicPairs.count - first
                dynamicPairs.removeLast(count)
            } else {
                count = pairs.count - first
                pairs.removeLast(count)
            }
            let value = heap.add(number: Int64(count))
            let pair = Pair(variable: target.variable, key: -1, source: value, value: value)
            if isDynamic { dynamicPairs.append(pair) } else { pairs.append(pair) }
            return
        }
        collectValues(target, group, isDynamic: isDynamic)
    }

    private mutating func collectValues(_ target: Target, _ group: Int32, isDynamic: Bool) {
        let variable = target.variable
        if variable.isScalar {
            if case .all = target.selector {
                let value = scalar(variable)
                if value >= 0 { emit(target, group, -1, value, isDynamic) }
            }
            return
        }
        switch variable {
        case .args:
            collect(.argsGet, target, group, isDynamic)
            collect(.argsPost, target, group, isDynamic)
        case .argsNames:
            collect(.argsGet, target, group, isDynamic, names: true)
            collect(.argsPost, target, group, isDynamic, names: true)
        case .argsGet: collect(.argsGet, target, group, isDynamic)
        case .argsGetNames: collect(.argsGet, target, group, isDynamic, names: true)
        case .argsPost: collect(.argsPost, target, group, isDynamic)
        case .argsPostNames: collect(.argsPost, target, group, isDynamic, names: true)
        case .requestHeaders: collect(.requestHeaders, target, group, isDynamic)
        case .requestHeadersNames:
            collect(.requestHeaders, target, group, isDynamic, names: true)
        case .requestCookies: collect(.requestCookies, target, group, isDynamic)
        case .requestCookiesNames:
            collect(.requestCookies, target, group, isDynamic, names: true)
        case .responseHeaders: collect(.responseHeaders, target, group, isDynamic)
        case .responseHeadersNames:
            collect(.responseHeaders, target, group, isDynamic, names: true)
        case .files, .multipartFilename: collect(.files, target, group, isDynamic)
        case .filesNames: collect(.files, target, group, isDynamic, names: true)
        case .filesSizes: collect(.filesSizes, target, group, isDynamic)
        case .filesTmpContent: collect(.filesTmpContent, target, group, isDynamic)
        case .multipartName: collect(.partNames, target, group, isDynamic, names: true)
        case .multipartPartHeaders: collect(.partHeaders, target, group, isDynamic)
        case .xml:
            if case .key(let path) = target.selector, path.count > 2 {
                collectAll(.xmlAttributes, target, group, isDynamic)
            } else {
                collectAll(.xmlText, target, group, isDynamic)
            }
        case .tx: collectTX(target, group)
        case .ip, .global, .session, .user, .resource: collectPersistent(target, group)
        case .matchedVars:
            for pair in matchedVars { emitMatched(target, group, pair, isName: false) }
        case .matchedVarsNames:
            for pair in matchedVars { emitMatched(target, group, pair, isName: true) }
        case .rule:
            if case .key(let key) = target.selector {
                let start = heap.byteCount
                appendRule(key)
                emit(target, group, -1, heap.value(from: start), isDynamic)
            }
        default: break
        }
    }

    /// XPaths choose the store, not the key.
    private mutating func collectAll(
        _ store: Store, _ target: Target, _ group: Int32, _ isDynamic: Bool
    ) {
        let count = stores[store.rawValue].count
        for index in 0..<count {
            let pair = Pair(
                variable: .xml, key: -1, source: stores[store.rawValue][index].value,
                value: stores[store.rawValue][index].value)
            if isDynamic { dynamicPairs.append(pair) } else { pairs.append(pair) }
        }
    }

    private mutating func collect(
        _ store: Store, _ target: Target, _ group: Int32, _ isDynamic: Bool, names: Bool = false
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
            emit(target, group, entry.key, names ? entry.key : entry.value, isDynamic)
        }
    }

    private mutating func collectTX(_ target: Target, _ group: Int32) {
        if case .slot(let slot) = target.selector {
            let value = tx[Int(slot)]
            if value >= 0 { emit(target, group, slotName(slot), value, true) }
            return
        }
        let count = txOrder.count
        for index in 0..<count {
            let slot = txOrder[index]
            let name = slotName(slot)
            if target.selector.matches(heap.loan(name), &keyCaptures) {
                emit(target, group, name, tx[Int(slot)], true)
            }
        }
    }

    private mutating func collectPersistent(_ target: Target, _ group: Int32) {
        guard let open = openCollections.last(where: { $0.variable == target.variable })
        else { return }
        for (name, value) in persistent.values(open.variable, open.key, now: now) {
            let key = heap.add(name.span)
            if target.selector.matches(heap.loan(key), &keyCaptures) {
                emit(target, group, key, heap.add(value.span), true)
            }
        }
    }

    private mutating func emitMatched(
        _ target: Target, _ group: Int32, _ pair: Pair, isName: Bool
    ) {
        let start = heap.byteCount
        appendName(of: pair)
        let name = heap.value(from: start)
        guard target.selector.matches(heap.loan(name), &keyCaptures) else { return }
        emit(target, group, name, isName ? name : pair.value, true)
    }

    /// Adds a value, unless the group excludes it.
    private mutating func emit(
        _ target: Target, _ group: Int32, _ key: ValueID, _ value: ValueID, _ isDynamic: Bool
    ) {
        let count = plan.groups[Int(group)].exclusions.count
        for index in 0..<count
        where plan.groups[Int(group)].exclusions[index].variable == target.variable {
            let selector = plan.groups[Int(group)].exclusions[index].selector
            if selector.leavesOut(key, of: heap, &keyCaptures) {
                if watch?.showsValues == true { watchExcluded(group, target.variable, key, value) }
                return
            }
        }
        let pair = Pair(variable: target.variable, key: key, source: value, value: value)
        if isDynamic { dynamicPairs.append(pair) } else { pairs.append(pair) }
    }
}
