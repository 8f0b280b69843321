internal import PorticoBytes
internal import PorticoCache
internal import PorticoCoding
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoTelemetry

/// Answers from what is stored.
extension Exchange {
    /// Answers with what is stored: whole, in part, or by saying that the client has it.
    func deliver(
        _ stored: StoredResponse, _ status: CacheStatus, from source: (any BodySource)? = nil,
        head: ResponseHead? = nil
    ) async throws(ExchangeFault) {
        if client is Nobody { return }
        if case .fetching(let taker) = imageStage {
            return taker.take(Original(stored: stored, status: status, source: source, head: head))
        }
        if let image = imageCall(after: stored), let call = variantCall(image) {
            let source = source ?? self.source(of: stored)
            return try await transform(
                Original(stored: stored, status: status, source: source, head: head), image, call)
        }
        var source = source
        if mustInspect(stored) { source = try await inspect(stored, head: head, from: source) }
        let reactor = worker.reactor
        cacheStatus = status
        let total = Self.length(of: stored)
        var plan = StoredAnswer.plan(
            request, stored.head, length: total, now: reactor.wallTime / 1_000_000)
        var part: (any BodySource)?
        if case .part(let range) = plan {
            part = self.source(of: stored, range)
            // A body that is not kept may only be had from where it is.
            if part == nil { plan = .whole }
        }
        if let head {
            response = head
        } else {
            // Into storage that has room: the stored head's own would have to grow to be changed.
            response.take(stored.head)
        }
        if let assembly = beginAssembly(isAnnounced: stored.rules.has(.announcesESI)) {
            return try await deliver(assembly, stored, from: source)
        }
        let framed: BodyLength = total.map { .known(UInt64($0)) } ?? .unknown
        prepareStored(stored, length: stored.head.statusAllowsBody ? framed : .none)
        let coding = negotiateCoding(length: total.map { Int($0) }, isKept: true)
        // A body that passes goes at the pace of its slowest reader, and `source` is one of them,
        // or may soon be: whoever reads it otherwise lets go of that one, having begun with another.
        switch plan {
        case .whole:
            if !stored.head.statusAllowsBody { return try await answer(.none, []) }
            if let coding, stored.body.phase.isReusable,
                let coded = coded(stored, as: coding)
            {
                source?.letGo()
                Compression.markCoded(&response, as: coding)
                let length = coded.total.map { BodyLength.known(UInt64($0)) } ?? .unknown
                return try await answer(length, request.method == .head ? [] : [.body(coded)])
            }
            // Long ones that lie on disk, and what passes.
            let sink = coding == nil ? nil : sinkForUnkept(total)
            if request.method == .head {
                source?.letGo()
                return try await answer(sink == nil ? framed : .unknown, [])
            }
            // What is lost before it could be read.
            guard let source = source ?? self.source(of: stored) else {
                throw .origin(.truncated)
            }
            guard let sink else { return try await answer(framed, [.body(source)]) }
            try await answer(source, through: sink)
        case .notModified:
            source?.letGo()
            if let coding { Compression.markCoded(&response, as: coding) }
            StoredAnswer.makeNotModified(&response)
            try await answer(.none, [])
        case .preconditionFailed:
            source?.letGo()
            try await answer(412)
        case .unsatisfiable:
            source?.letGo()
            response.fields.append(.contentRange) { value in
                var text = Buffer()
                ContentRange(nil, of: total).write(into: &text)
                value.write(text.bytes)
            }
            try await answer(416)
        case .part(let range):
            source?.letGo()
            guard let part else { throw .origin(.truncated) }
            response.status = 206
            response.reason = .empty
            response.fields.remove(.contentLength)
            response.fields.append(.contentRange) { value in
                var text = Buffer()
                ContentRange(range, of: total).write(into: &text)
                value.write(text.bytes)
            }
            try await answer(
                .known(UInt64(range.upperBound - range.lowerBound)), [.body(part)])
        case .parts(let ranges):
            try await answer(ranges, of: stored, total ?? 0, insteadOf: source)
        }
    }

    /// The body, or a range of it; nil if those bytes are not kept any more.
    func source(
        of stored: StoredResponse, _ range: Range<Int64>? = nil
    ) -> (any BodySource)? {
        if let object = stored.disk {
            guard let readers = policy.cache?.disk?.surroundings?.readers else { return nil }
            return DiskSource(object, range, on: worker.reactor, readers)
        }
        return StoredSource(stored.body, range, on: worker.reactor)
    }

    /// Answers with a page that is put together from what is stored and what it includes.
    private func deliver(
        _ assembly: PageAssembly, _ stored: StoredResponse, from source: (any BodySource)?
    ) async throws(ExchangeFault) {
        guard let source = source ?? self.source(of: stored) else {
            throw .origin(.truncated)
        }
        prepareStored(stored, length: .unknown)
        let (sink, length) = sinkForPassing(.unknown)
        addEdgeFields()
        beginAnswer(length: length)
        if request.method != .head { try await assemble(assembly, from: source, to: sink) }
        sink.finish(trailers: Fields())
        if try !client.flushNow() { try await client.flush(in: nil) }
    }

    /// Makes of a stored head, in `response`, the one for the client.
    private func prepareStored(_ stored: StoredResponse, length: BodyLength) {
        withID { id in
            Forwarding.prepareResponse(
                &response, length: length, answering: request.method, requestID: id,
                isUpgrade: false, showsTags: showsTags)
        }
        hideTags()
        let age = stored.rules.age(at: worker.reactor.now)
        if let status = cacheStatus,
            status.forward == nil || age > 0 || status.forwardStatus != nil
        {
            response.fields.remove(.age)
            response.fields.append(.age) { $0.write(decimal: UInt64(age)) }
        }
        presetFinish()
    }

    /// Complete, or known beforehand.
    private static func length(of stored: StoredResponse) -> Int64? {
        if stored.body.phase == .complete { return Int64(stored.body.length) }
        let fields = stored.head.fields
        return fields[fields.range(of: .contentLength)].decimal.flatMap { Int64(exactly: $0) }
    }

    private func answer(_ status: UInt16) async throws(ExchangeFault) {
        response.status = status
        response.reason = .empty
        response.fields.removeAll { line, _ in
            line.name == .contentLength || line.name == .contentEncoding
        }
        try await answer(.known(0), [])
    }

    private func answer(
        _ source: any BodySource, through sink: EncodingSink
    ) async throws(ExchangeFault) {
        addEdgeFields()
        beginAnswer(length: .unknown)
        if try !moveNow(from: source, to: sink) {
            try await relay(from: source, to: sink, in: client.scope)
        }
        sink.finish(trailers: Fields())
        if try !client.flushNow() { try await client.flush(in: nil) }
    }

    /// multipart/byteranges (RFC 9110 §14.6).
    private func answer(
        _ ranges: [Range<Int64>], of stored: StoredResponse, _ total: Int64,
        insteadOf whole: (any BodySource)?
    ) async throws(ExchangeFault) {
        let multipart = MultipartRanges(
            ranges, of: total, stored.head, boundary: worker.requestIDs.seed())
        var pieces: [Stretch] = []
        for (index, range) in ranges.enumerated() {
            guard let source = self.source(of: stored, range) else {
                throw .origin(.truncated)
            }
            var head = Buffer()
            multipart.writeHead(of: index, into: &head)
            pieces += [.text(head.bytes.array), .body(source)]
        }
        whole?.letGo()
        var end = Buffer()
        multipart.writeEnd(into: &end)
        pieces.append(.text(end.bytes.array))
        response.status = 206
        response.reason = .empty
        response.fields.remove(.contentLength)
        var type = Buffer()
        multipart.writeContentType(into: &type)
        response.fields.set(.contentType, type.bytes)
        try await answer(.known(UInt64(multipart.contentLength)), pieces)
    }

    /// A piece of a body that is put together here.
    private enum Stretch {
        case text([UInt8])
        case body(any BodySource)
    }

    private func answer(
        _ length: BodyLength, _ pieces: [Stretch]
    ) async throws(ExchangeFault) {
        addEdgeFields()
        beginAnswer(length: length)
        for piece in pieces {
            switch piece {
            case .text(let bytes): client.put(bytes.span)
            case .body(let source):
                if try !moveNow(from: source, to: client) {
                    try await relay(from: source, to: client, in: client.scope)
                }
            }
        }
        client.finish(trailers: Fields())
        if try !client.flushNow() { try await client.flush(in: nil) }
    }
}
