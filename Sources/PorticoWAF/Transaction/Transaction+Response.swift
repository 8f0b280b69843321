package import PorticoBytes

/// Phases 3 to 5.
extension Transaction {
    package mutating func setResponse(status: UInt16, protocol text: StaticString) {
        set(.responseStatus, number: Int(status))
        let start = heap.byteCount
        heap.append(text)
        set(.responseProtocol, heap.value(from: start))
        set(.responseContentType, ValueHeap.empty)
        set(.responseContentLength, ValueHeap.zero)
        stores[Store.responseHeaders.rawValue].removeAll(keepingCapacity: true)
        isResponseTypeInspected = false
    }

    package mutating func addResponseField(name: Span<UInt8>, value: Span<UInt8>) {
        let key = heap.add(name)
        let text = heap.add(value.trimmingOWS)
        add(.responseHeaders, key: key, value: text)
        if name.equalsFolded("content-type") {
            set(.responseContentType, text)
            isResponseTypeInspected = isInspected(value.trimmingOWS)
        } else if name.equalsFolded("content-length") {
            set(.responseContentLength, text)
        }
    }

    private func isInspected(_ type: Span<UInt8>) -> Bool {
        var end = 0
        while end < type.count, type[end] != 0x3B, type[end] != 0x20, type[end] != 0x2C {
            end += 1
        }
        let essence = type.extracting(0..<end)
        return plan.settings.responseBodyTypes.contains {
            essence.equalsFolded(Array($0.utf8).span)
        }
    }

    /// Phase 3.
    package mutating func inspectResponseHead(now: Instant) -> Intervention? {
        self.now = now
        generation += 1
        run(phase: 3)
        return intervention
    }

    /// Whether the rules want to see the answer's body; asked after `inspectResponseHead`.
    package var wantsResponseBody: Bool {
        engine != .off && responseBodyAccess && isResponseTypeInspected && intervention == nil
            && !skipsEverything
    }

    /// Takes a piece of the body, decompressed. False: no more is looked at.
    package mutating func append(responseBody bytes: Span<UInt8>) -> Bool {
        let room = responseBodyLimit - responseBytes.count
        if bytes.count > room { isResponseTruncated = true }
        let taken = bytes.extracting(0..<max(0, min(bytes.count, room)))
        // SAFETY: the array copies before the pointer ends.
        unsafe taken.withUnsafeBufferPointer { unsafe responseBytes.append(contentsOf: $0) }
        return !isResponseTruncated
    }

    /// Phase 4; also without a body.
    package mutating func inspectResponseBody(now: Instant) -> Intervention? {
        self.now = now
        if engine == .off { return nil }
        if intervention != nil { return intervention }
        generation += 1
        set(.outboundDataError, isResponseTruncated ? ValueHeap.one : ValueHeap.zero)
        let body = responseBytes
        set(.responseBody, wantsResponseBody ? heap.add(body.span) : ValueHeap.empty)
        run(phase: 4)
        guard isResponseTruncated, intervention == nil else { return intervention }
        if plan.settings.responseBodyLimitAction == .reject {
            note("the answer's body is larger than what is inspected")
            if engine == .on { intervention = .deny(status: 500) } else { wouldIntervene = true }
        }
        return intervention
    }

    /// Phase 5, which runs whatever happened before.
    package mutating func finish(now: Instant) {
        self.now = now
        run(phase: 5)
    }

    /// Whether the rules block, or would block in a mode that does.
    package var isDetected: Bool { intervention != nil || wouldIntervene }

    package var hasRecord: Bool { audits && (!matchedRules.isEmpty || !errors.isEmpty) }
}
