internal import PorticoBytes

/// Single values, TX, macros.
extension Transaction {
    // MARK: - Scalars

    /// -1 while the request has not come so far.
    mutating func scalar(_ variable: Variable) -> ValueID {
        switch variable {
        case .matchedVar: return matched.value
        case .matchedVarName:
            if matched.source < 0 { return -1 }
            let start = heap.byteCount
            appendName(of: matched)
            return heap.value(from: start)
        case .duration:
            return heap.add(number: Int64(clamping: now.since(began).nanoseconds / 1_000_000))
        case .highestSeverity: return heap.add(number: Int64(highestSeverity))
        case .time, .timeDay, .timeEpoch, .timeHour, .timeMin, .timeMon, .timeSec, .timeWday,
            .timeYear:
            let start = heap.byteCount
            appendTime(variable)
            return heap.value(from: start)
        case .fullRequest:
            return fullRequest()
        default: return scalars[Int(variable.rawValue)]
        }
    }

    mutating func set(_ variable: Variable, _ value: ValueID) {
        scalars[Int(variable.rawValue)] = value
    }

    mutating func set(_ variable: Variable, _ bytes: Span<UInt8>) {
        scalars[Int(variable.rawValue)] = heap.add(bytes)
    }

    mutating func set(_ variable: Variable, number: Int) {
        scalars[Int(variable.rawValue)] = heap.add(number: Int64(number))
    }

    mutating func add(_ store: Store, key: ValueID, value: ValueID) {
        stores[store.rawValue].append(Entry(key: key, value: value))
    }

    private mutating func fullRequest() -> ValueID {
        let line = scalars[Int(Variable.requestLine.rawValue)]
        if line < 0 { return -1 }
        let start = heap.byteCount
        heap.append(copyOf: line)
        heap.append("\n")
        for entry in stores[Store.requestHeaders.rawValue] {
            heap.append(copyOf: entry.key)
            heap.append(": ")
            heap.append(copyOf: entry.value)
            heap.append("\n")
        }
        heap.append("\n")
        let body = requestBytes
        heap.append(body.span)
        return heap.value(from: start)
    }

    private mutating func appendTime(_ variable: Variable) {
        let time = CivilTime(epochSeconds: identity.epochSeconds)
        switch variable {
        case .timeDay: heap.append(decimal: Int64(time.day))
        case .timeHour: heap.append(decimal: Int64(time.hour))
        case .timeMin: heap.append(decimal: Int64(time.minute))
        case .timeMon: heap.append(decimal: Int64(time.month - 1))
        case .timeSec: heap.append(decimal: Int64(time.second))
        case .timeWday: heap.append(decimal: Int64(time.weekday))
        case .timeYear: heap.append(decimal: Int64(time.year))
        case .timeEpoch: heap.append(decimal: identity.epochSeconds)
        default:
            for (index, part) in [time.hour, time.minute, time.second].enumerated() {
                if index > 0 { heap.append(":") }
                if part < 10 { heap.append("0") }
                heap.append(decimal: Int64(part))
            }
        }
    }

    // MARK: - TX

    func slotName(_ slot: Int32) -> ValueID {
        let known = Int32(plan.slots.names.count)
        return slot < known ? ValueHeap.slotNames + slot : dynamicKeys[Int(slot - known)]
    }

    mutating func set(slot: Int32, _ value: ValueID) {
        if tx[Int(slot)] < 0 { txOrder.append(slot) }
        tx[Int(slot)] = value
    }

    mutating func unset(slot: Int32) {
        guard tx[Int(slot)] >= 0 else { return }
        tx[Int(slot)] = -1
        txOrder.removeAll { $0 == slot }
    }

    /// The slot of a name that a macro has built; nil once there are too many of them.
    mutating func slot(named name: ByteRange) -> Int32? {
        if let known = plan.slots.find(heap.bytes(in: name)) { return known }
        var folded = heap.bytes(in: name).array
        for index in folded.indices { folded[index] = ASCII.lowercase(folded[index]) }
        if let known = dynamicNames[folded] { return known }
        // Names that requests build are bounded by what they send; this bounds the rest.
        guard dynamicKeys.count < 4096 else { return nil }
        let slot = Int32(tx.count)
        dynamicNames[folded] = slot
        dynamicKeys.append(heap.add(range: name))
        tx.append(-1)
        return slot
    }

    // MARK: - Macros

    /// Appends what a macro means to the heap.
    mutating func expand(_ macro: Macro) {
        for piece in macro.pieces {
            switch piece {
            case .text(let text): heap.append(text.span)
            case .slot(let slot):
                let value = tx[Int(slot)]
                if value >= 0 { heap.append(copyOf: value) }
            case .variable(let variable): expand(variable)
            case .member(let variable, let key): expand(variable, key)
            }
        }
    }

    mutating func number(_ macro: Macro) -> Int64 {
        if macro.pieces.count == 1, case .slot(let slot) = macro.pieces[0] {
            let value = tx[Int(slot)]
            return value < 0 ? 0 : DecimalPrefix.value(of: heap.bytes(value))
        }
        let start = heap.byteCount
        expand(macro)
        let number = DecimalPrefix.value(of: heap.bytes(in: ByteRange(start, heap.byteCount)))
        heap.truncate(to: start)
        return number
    }

    private mutating func expand(_ variable: Variable) {
        switch variable {
        case .matchedVar: if matched.value >= 0 { heap.append(copyOf: matched.value) }
        case .matchedVarName: if matched.source >= 0 { appendName(of: matched) }
        case .duration:
            heap.append(decimal: Int64(clamping: now.since(began).nanoseconds / 1_000_000))
        case .time, .timeDay, .timeEpoch, .timeHour, .timeMin, .timeMon, .timeSec, .timeWday,
            .timeYear:
            appendTime(variable)
        default:
            if variable.isScalar {
                let value = scalars[Int(variable.rawValue)]
                if value >= 0 { heap.append(copyOf: value) }
            } else if let entry = firstEntry(variable, nil) {
                heap.append(copyOf: entry)
            }
        }
    }

    private mutating func expand(_ variable: Variable, _ key: [UInt8]) {
        switch variable {
        case .rule: appendRule(key)
        case .ip, .global, .session, .user, .resource:
            guard let open = openCollections.last(where: { $0.variable == variable }),
                let value = persistent.value(variable, open.key, name: key, now: now)
            else { return }
            heap.append(value.span)
        default: if let value = firstEntry(variable, key) { heap.append(copyOf: value) }
        }
    }

    /// The first value under a key; with no key, of all.
    private func firstEntry(_ variable: Variable, _ key: [UInt8]?) -> ValueID? {
        let places: [Store]
        var names = false
        switch variable {
        case .args: places = [.argsGet, .argsPost]
        case .argsNames: (places, names) = ([.argsGet, .argsPost], true)
        case .argsGet: places = [.argsGet]
        case .argsGetNames: (places, names) = ([.argsGet], true)
        case .argsPost: places = [.argsPost]
        case .argsPostNames: (places, names) = ([.argsPost], true)
        case .requestHeaders: places = [.requestHeaders]
        case .requestHeadersNames: (places, names) = ([.requestHeaders], true)
        case .requestCookies: places = [.requestCookies]
        case .requestCookiesNames: (places, names) = ([.requestCookies], true)
        case .responseHeaders: places = [.responseHeaders]
        case .responseHeadersNames: (places, names) = ([.responseHeaders], true)
        case .files, .multipartFilename: places = [.files]
        case .filesNames: (places, names) = ([.files], true)
        case .filesSizes: places = [.filesSizes]
        case .multipartPartHeaders: places = [.partHeaders]
        case .multipartName: (places, names) = ([.partNames], true)
        case .xml: places = [.xmlText]
        case .matchedVars: return matchedVars.first?.value
        default: return nil
        }
        for place in places {
            for entry in stores[place.rawValue] {
                if let key, !heap.bytes(entry.key).equalsFolded(key.span) { continue }
                return names ? entry.key : entry.value
            }
        }
        return nil
    }

    mutating func appendName(of pair: Pair) {
        heap.append(pair.variable.label)
        if pair.key >= 0 {
            if pair.variable == .matchedVars || pair.variable == .matchedVarsNames { return }
            heap.append(":")
            heap.append(copyOf: pair.key, upTo: 1024)
        }
    }

    mutating func appendRule(_ key: [UInt8]) {
        guard current >= 0 else { return }
        let plan = plan
        if key.span.equals("id") {
            heap.append(decimal: Int64(plan.rules[Int(current)].id))
        } else if key.span.equals("msg") {
            expand(plan.rules[Int(current)].message)
        } else if key.span.equals("severity") {
            if let severity = plan.rules[Int(current)].severity {
                heap.append(decimal: Int64(severity.rawValue))
            }
        } else if key.span.equals("logdata") {
            expand(plan.rules[Int(current)].data)
        } else if key.span.equals("rev") {
            let revision = plan.rules[Int(current)].revision
            heap.append(revision.span)
        } else if key.span.equals("ver") {
            let version = plan.rules[Int(current)].version
            heap.append(version.span)
        } else if key.span.equals("phase") {
            heap.append(decimal: Int64(plan.rules[Int(current)].phase))
        }
    }
}
