package import PorticoBytes

/// Phases 1 and 2.
extension Transaction {
    mutating func setIdentity() {
        setAddress(.remoteAddr, identity.client)
        set(.remoteHost, scalars[Int(Variable.remoteAddr.rawValue)])
        set(.remotePort, number: Int(identity.clientPort))
        setAddress(.serverAddr, identity.server)
        set(.serverPort, number: Int(identity.serverPort))
        let id = identity.uniqueID
        set(.uniqueID, id.span)
        let application = plan.settings.webAppID
        set(.webAppID, application.span)
        for variable in Self.emptyAtFirst { set(variable, ValueHeap.empty) }
        set(.reqbodyError, ValueHeap.zero)
        set(.reqbodyProcessorError, ValueHeap.zero)
    }

    private static var emptyAtFirst: [Variable] {
        [
            .reqbodyProcessor, .reqbodyErrorMsg, .reqbodyProcessorErrorMsg, .remoteUser,
            .authType, .serverName, .sessionID, .userID, .queryString,
        ]
    }

    private mutating func setAddress(_ variable: Variable, _ address: IPAddress) {
        var text = Buffer(capacity: 48)
        text.append(address)
        set(variable, text.bytes)
    }

    /// The first line as received, without its end; also one that the parser refuses. Of HTTP/2:
    /// method, target and "HTTP/2" with blanks between them.
    package mutating func setRequestLine(_ line: Span<UInt8>) {
        let whole = heap.add(line)
        set(.requestLine, whole)
        let methodEnd = line.firstIndex(of: 0x20) ?? line.count
        var protocolStart = line.count
        while protocolStart > methodEnd, line[protocolStart - 1] != 0x20 { protocolStart -= 1 }
        let targetStart = min(methodEnd + 1, line.count)
        // Without a protocol (HTTP/0.9), the rest is the target.
        let hasProtocol = protocolStart > targetStart
        let targetEnd = hasProtocol ? protocolStart - 1 : line.count
        set(.requestMethod, heap.add(part: 0..<methodEnd, of: whole))
        set(
            .requestProtocol,
            hasProtocol ? heap.add(part: protocolStart..<line.count, of: whole) : ValueHeap.empty)
        setTarget(whole, targetStart..<max(targetStart, targetEnd), line)
    }

    /// Whether the request line ends with a protocol. A client that sends none speaks HTTP/0.9 and
    /// does not understand an answer with a head.
    package var namesProtocol: Bool {
        heap.count(scalars[Int(Variable.requestProtocol.rawValue)]) > 0
    }

    private mutating func setTarget(
        _ whole: ValueID, _ range: Range<Int>, _ line: Span<UInt8>
    ) {
        set(.requestURIRaw, heap.add(part: range, of: whole))
        let target = line.extracting(range)
        var start = 0
        let scheme =
            target.count >= 7 && target.extracting(..<7).equalsFolded("http://")
            ? 7 : target.count >= 8 && target.extracting(..<8).equalsFolded("https://") ? 8 : 0
        if scheme > 0 {
            start = scheme
            while start < target.count, target[start] != 0x2F, target[start] != 0x3F,
                target[start] != 0x23
            {
                start += 1
            }
        }
        let end = target.firstIndex(of: 0x23, from: start) ?? target.count
        let base = range.lowerBound
        set(.requestURI, heap.add(part: (base + start)..<(base + end), of: whole))
        let uri = target.extracting(start..<end)
        let question = uri.firstIndex(of: 0x3F) ?? uri.count
        let queryStart = min(question + 1, uri.count)
        set(
            .queryString,
            heap.add(part: (base + start + queryStart)..<(base + end), of: whole))
        setPath(uri.extracting(0..<question))
        var list = PairList()
        read(uri.extracting(queryStart..<uri.count), into: &list, store: .argsGet)
    }

    /// Percent-decoded once.
    private mutating func setPath(_ path: Span<UInt8>) {
        let start = heap.byteCount
        var index = 0
        while index < path.count {
            if path[index] == 0x25, index + 2 < path.count,
                let high = ASCII.hexadecimalValue(path[index + 1]),
                let low = ASCII.hexadecimalValue(path[index + 2])
            {
                heap.append(high << 4 | low)
                index += 3
            } else {
                heap.append(path[index])
                index += 1
            }
        }
        let name = heap.value(from: start)
        set(.requestFilename, name)
        set(.pathInfo, name)
        var base = heap.count(name)
        while base > 0, heap.bytes(name)[base - 1] != 0x2F, heap.bytes(name)[base - 1] != 0x5C {
            base -= 1
        }
        set(.requestBasename, heap.add(part: base..<heap.count(name), of: name))
    }

    private mutating func read(_ text: Span<UInt8>, into list: inout PairList, store: Store) {
        do throws(BodyFault) {
            try FormReader.read(
                text, separator: plan.settings.argumentSeparator, limits: bodyLimits, into: &list)
        } catch {
            note(error)
        }
        take(list, store)
    }

    var bodyLimits: BodyLimits {
        var limits = BodyLimits()
        limits.pairs = plan.settings.argumentsLimit
        limits.depth = plan.settings.jsonDepthLimit
        return limits
    }

    mutating func take(_ list: borrowing PairList, _ store: Store) {
        for index in 0..<list.count {
            let name = heap.add(list.name(index))
            let value = heap.add(list.value(index))
            add(store, key: name, value: value)
        }
    }

    private mutating func note(_ fault: BodyFault) { note("\(fault.message)") }

    /// A field line, in the order of receipt, repeated ones too.
    package mutating func addRequestField(name: Span<UInt8>, value: Span<UInt8>) {
        let key = heap.add(name)
        let text = heap.add(value.trimmingOWS)
        add(.requestHeaders, key: key, value: text)
        if name.equalsFolded("cookie") {
            var list = PairList()
            do throws(BodyFault) {
                try CookieReader.read(value.trimmingOWS, limits: bodyLimits, into: &list)
            } catch {
                note(error)
            }
            take(list, .requestCookies)
        } else if name.equalsFolded("content-type") {
            if contentType.isEmpty { contentType = heap.slots[Int(text)].range }
        } else if name.equalsFolded("host") {
            setServerName(text)
        }
    }

    private mutating func setServerName(_ host: ValueID) {
        let bytes = heap.loan(host)
        var end = bytes.count
        var index = bytes.count
        while index > 0, ASCII.isDigit(bytes[index - 1]) { index -= 1 }
        if index > 0, bytes[index - 1] == 0x3A { end = index - 1 }
        set(.serverName, heap.add(part: 0..<end, of: host))
    }

    /// Phase 1.
    package mutating func inspectRequestHead(now: Instant) -> Intervention? {
        self.now = now
        chooseProcessor()
        run(phase: 1)
        return intervention
    }

    /// By Content-Type; a rule can say otherwise.
    private mutating func chooseProcessor() {
        let type = heap.loan(in: contentType)
        var end = 0
        while end < type.count, type[end] != 0x3B, type[end] != 0x20, type[end] != 0x09,
            type[end] != 0x2C
        {
            end += 1
        }
        let essence = type.extracting(0..<end)
        let processor: StaticString
        if essence.equalsFolded("application/x-www-form-urlencoded") {
            processor = "URLENCODED"
        } else if essence.equalsFolded("multipart/form-data") {
            processor = "MULTIPART"
        } else if essence.equalsFolded("application/json")
            || (essence.count > 17 && essence.extracting(..<12).equalsFolded("application/")
                && essence.extracting((essence.count - 5)...).equalsFolded("+json"))
        {
            processor = "JSON"
        } else if essence.equalsFolded("application/xml") || essence.equalsFolded("text/xml")
            || essence.equalsFolded("application/soap+xml")
        {
            processor = "XML"
        } else {
            return
        }
        let start = heap.byteCount
        heap.append(processor)
        set(.reqbodyProcessor, heap.value(from: start))
    }

    // MARK: - Phase 2

    /// Whether the rules want to see the body at all; asked after `inspectRequestHead`.
    package var wantsRequestBody: Bool {
        engine != .off && requestBodyAccess && !skipsEverything && !skipsRequest
            && intervention == nil
    }

    /// Takes a piece of the body, without its transfer coding. False: no more is looked at.
    package mutating func append(requestBody bytes: Span<UInt8>) -> Bool {
        guard requestBodyAccess else { return false }
        let room = requestBodyLimit - requestBytes.count
        if bytes.count > room { isRequestTruncated = true }
        let taken = bytes.extracting(0..<max(0, min(bytes.count, room)))
        // SAFETY: the array copies before the pointer ends.
        unsafe taken.withUnsafeBufferPointer { unsafe requestBytes.append(contentsOf: $0) }
        return !isRequestTruncated
    }

    /// Bytes of the body that are held.
    package var heldRequestBodyCount: Int { requestBytes.count }

    /// Phase 2; also without a body.
    package mutating func inspectRequestBody(now: Instant) -> Intervention? {
        self.now = now
        if engine == .off { return nil }
        if intervention != nil { return intervention }
        var isTooLarge = isRequestTruncated
        set(.inboundDataError, isTooLarge ? ValueHeap.one : ValueHeap.zero)
        readRequestBody(&isTooLarge)
        run(phase: 2)
        guard isTooLarge, intervention == nil, !skipsEverything else { return intervention }
        note("the request's body is larger than what is inspected")
        if plan.settings.requestBodyLimitAction == .reject {
            if engine == .on { intervention = .deny(status: 413) } else { wouldIntervene = true }
        }
        return intervention
    }
}
