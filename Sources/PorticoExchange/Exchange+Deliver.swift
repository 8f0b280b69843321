internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins

extension Exchange {
    /// Brings the origin's response, whose head stands in `response`, to the client.
    func deliver(
        from origin: any OriginPort, length: BodyLength, upload: Upload?
    ) async throws(ExchangeFault) {
        var source: any BodySource = origin
        if site?.firewall != nil {
            do throws(ExchangeFault) {
                source = try await inspectAnswer(from: origin, length: length)
            } catch {
                await upload?.stop()
                origin.abandon()
                throw upload?.fault ?? error
            }
        }
        if response.status == 101 {
            concludeInspection(status: 101)
            return try await tunnel(with: origin)
        }
        let assembly = beginAssembly(
            isAnnounced: response.fields.announcesESI || presetAnnouncesESI)
        let plain: BodyLength = assembly == nil || length == .none ? length : .unknown
        withID { id in
            Forwarding.prepareResponse(
                &response, length: plain, answering: request.method, requestID: id,
                isUpgrade: false, showsTags: showsTags)
        }
        hideTags()
        presetFinish()
        let (sink, framed) = sinkForPassing(plain)
        addEdgeFields()
        beginAnswer(length: framed)
        do throws(ExchangeFault) {
            if let assembly, length != .none {
                try await assemble(assembly, from: source, to: sink)
            } else if try !moveNow(from: source, to: sink) {
                try await relay(from: source, to: sink, in: client.scope)
            }
        } catch {
            await upload?.stop()
            origin.abandon()
            throw upload?.fault ?? error
        }
        sink.finish(trailers: origin.trailers)
        // Before the client has taken the last of it: a slow one holds no origin connection.
        await upload?.stop()
        if upload?.isFinished ?? true { origin.release() } else { origin.abandon() }
        if try !client.flushNow() { try await client.flush(in: nil) }
    }

    /// Whether Portico-Debug carries the token of one who may read.
    var showsTags: Bool {
        let request = request
        guard let line = request.fields.firstIndex(of: .porticoDebug) else { return false }
        return policy.purging?.mayRead(request.fields.value(at: line)) ?? false
    }

    /// Takes out the configured tag fields that others have no use for.
    func hideTags() {
        guard let cache = policy.cache, !showsTags else { return }
        let tags = cache.tags
        response.fields.removeAll { line, name in tags.isTagHeader(line, name) }
    }

    /// Moves a body that has come with its head; whether that is all of it.
    func moveNow(
        from source: any BodySource, to sink: any BodySink
    ) throws(ExchangeFault) -> Bool {
        for _ in 0..<Self.mostMoves {
            if sink.isFull { return false }
            switch try source.transfer(to: sink) {
            case .moved: continue
            case .blocked: return false
            case .finished: return true
            }
        }
        return false
    }

    /// A client that takes as fast as a file is read shall not have the worker for itself.
    private static let mostMoves = 16

    /// Moves a body until it is complete, with no more in memory than one buffer on each side.
    func relay(
        from source: any BodySource, to sink: any BodySink, in scope: Scope?
    ) async throws(ExchangeFault) {
        var turns = Turns()
        while true {
            switch try source.transfer(to: sink) {
            case .moved:
                if sink.isFull { try await sink.flush(in: scope) }
                await turns.yieldNowAndThen()
            case .blocked:
                try await sink.flush(in: scope)
                try await source.readable(in: scope)
            case .finished:
                return
            }
        }
    }

    /// Answers with a body of our own.
    func answer(body: [UInt8]) async throws(ExchangeFault) {
        withID { response.fields.append(.xRequestID, $0) }
        addEdgeFields()
        beginAnswer(length: .known(UInt64(body.count)))
        if request.method != .head { client.put(body.span) }
        client.finish(trailers: Fields())
        if try !client.flushNow() { try await client.flush(in: nil) }
    }

    func beginAnswer(length: BodyLength) {
        hasAnswered = true
        record.status = response.status
        record.firstByte = worker.reactor.now
        concludeInspection(status: response.status)
        client.begin(response, length: length, answering: request.method)
    }

    /// What Portico says of itself in each response.
    func addEdgeFields() {
        if !response.fields.contains(.date) {
            worker.withDate { response.fields.append(.date, $0) }
        }
        if let cacheStatus {
            worker.scratch.removeAll()
            cacheStatus.write(into: &worker.scratch)
            worker.scratch.withBytes { response.fields.append(.cacheStatus, $0) }
        }
        if let site, !site.hsts.isEmpty,
            Forwarding.scheme(of: request, facts) == .https
        {
            let value = site.hsts
            response.fields.set(.strictTransportSecurity, value.span)
        }
    }
}
