internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTelemetry

extension Exchange {
    /// Asks an origin node, and another one where that is allowed and may help, and delivers
    /// what it answers; or, where `call` says so, what the cache makes of the answer.
    func fetch(by route: Route, for call: CacheCall? = nil) async throws(ExchangeFault) {
        guard let call else { return try await fetchOnce(by: route, for: nil) }
        do throws(ExchangeFault) {
            try await fetchOnce(by: route, for: call)
        } catch {
            try await recover(from: error, call)
        }
    }

    private func fetchOnce(
        by route: Route, for call: CacheCall?
    ) async throws(ExchangeFault) {
        record.cache = .pass
        if cacheStatus == nil { cacheStatus = CacheStatus(forward: call?.forward ?? .bypass) }
        record.retryAfter = route.retryAfter
        let upload =
            client.bodyLength == .none
            ? nil : Upload(of: heldBody ?? client, keeping: request.method.isIdempotent)
        // A handshake has no body (RFC 6455 §4.1): behind a 101 its bytes would be the tunnel's.
        let isUpgrade = request.asksForWebSocket && upload == nil
        var head = withID { id in
            Forwarding.request(
                from: request, facts: facts, requestID: id, isUpgrade: isUpgrade,
                into: worker.takeSpare())
        }
        defer { worker.giveBack(&head.fields) }
        if request.method != .head { call?.prepare(&head, from: facts) }
        if call != nil { announceAssembly(in: &head) }
        if hasContinued { head.fields.remove(.expect) }
        let posted = postedCall(by: route)
        let balancer = worker.balancer(for: route.pool)
        balancer.budget.requestBegan(at: worker.reactor.now)
        defer { balancer.budget.requestEnded() }

        var tries = Tries(left: route.pool.description.retries)
        while true {
            let claimed = try claimNode(from: balancer, for: route, tries)
            let node = claimed.node
            var claim: Claim? = consume claimed
            var settled = Settled.passes
            record.node = node
            var attempt = Attempt()
            do throws(ExchangeFault) {
                let (origin, length) = try await ask(
                    node, of: route.pool, head, upload, allowsKept: tries.allowsKept,
                    isUpgrade: isUpgrade, &attempt)
                // A fault from here on comes after the node has been heard.
                attempt.note(origin)
                if let call { settled = settle(call, origin, length, &claim) }
                if case .passes = settled {
                    let own = invalidate(by: route)
                    if let posted, upload?.isFinished ?? true,
                        posted.overlook(purges: own.purges, changes: own.changes)
                    {
                        settled = settle(posted: posted, origin, length, &claim)
                    }
                }
                if case .passes = settled {
                    try await deliver(from: origin, length: length, upload: upload)
                    noteAnswer(of: node)
                    return
                }
            } catch {
                guard case .origin(let fault) = error else { throw error }
                try judge(fault, attempt, of: node, upload, balancer, &tries)
                continue
            }
            claim = nil
            switch settled {
            case .stored(let stored, let status, let source, let head):
                return try await deliver(stored, status, from: source, head: head)
            case .again: return try await fetchOnce(by: route, for: call)
            case .passes: return
            }
        }
    }

    /// The next node to ask.
    private func claimNode(
        from balancer: Balancer, for route: Route, _ tries: Tries
    ) throws(ExchangeFault) -> Claim {
        let key = route.hashKey?.hash(of: request, from: facts)
        switch balancer.select(at: worker.reactor.now, excluding: tries.failed, key: key) {
        case .node(let claim):
            return claim
        case .none:
            // The first fault says more than that nobody else is left.
            if let fault = tries.firstFault { throw .origin(fault) }
            throw .refused(.noOrigin)
        }
    }

    /// Sends the request to one node and waits for the head of its answer.
    private func ask(
        _ node: Node, of pool: Pool, _ head: RequestHead, _ upload: Upload?, allowsKept: Bool,
        isUpgrade: Bool, _ attempt: inout Attempt
    ) async throws(ExchangeFault) -> (any OriginPort, BodyLength) {
        let began = worker.reactor.now
        asked = began
        let origin: any OriginPort
        if allowsKept, let kept = worker.dialer.takeKept(to: node) {
            origin = kept
        } else {
            origin = try await worker.dialer.connect(to: node, of: pool, in: client.scope)
        }
        do throws(ExchangeFault) {
            origin.begin(head, length: client.bodyLength)
            try upload?.begin(to: origin)
            if let upload, !upload.isFinished {
                upload.start(on: worker.reactor) { [client] in client.scope.interrupt() }
            } else if try !origin.flushNow() {
                try await origin.flush(in: client.scope)
            }
            let length = try await receiveHead(from: origin)
            // Nobody asked for another protocol.
            if response.status == 101 && !isUpgrade { throw .origin(.malformed) }
            record.originTime = worker.reactor.now.since(began)
            return (origin, length)
        } catch {
            attempt.note(origin)
            await upload?.stop()
            origin.abandon()
            // The uploader interrupts the wait for the answer: its fault is the reason.
            throw upload?.fault ?? error
        }
    }

    /// The final head of a response; interim ones go to the client as they come.
    private func receiveHead(
        from origin: any OriginPort
    ) async throws(ExchangeFault) -> BodyLength {
        for _ in 0..<Self.interimLimit {
            response.reset()
            var taken = try origin.takeHead(into: &response, answering: request.method)
            while taken == nil {
                try await origin.headReadable(in: client.scope)
                taken = try origin.takeHead(into: &response, answering: request.method)
            }
            guard let length = taken else { continue }
            if !response.isInterim { return length }
            if request.version == .http10 { continue }
            Forwarding.prepareInterim(&response)
            try await client.sendInterim(response)
        }
        throw .origin(.malformed)
    }

    /// An origin that sends more 1xx than this before its answer is not going to answer.
    private static let interimLimit = 64

    /// Once the answer is whole: a node whose answers all begin well and break is no good node.
    private func noteAnswer(of node: Node) {
        let outcome = response.status >= 500 ? Outcome.failure(.status) : .success
        node.record(outcome, at: worker.reactor.now)
    }

    /// What to do about a failed attempt: returns if another one is to be made.
    private func judge(
        _ fault: OriginFault, _ attempt: Attempt, of node: Node, _ upload: Upload?,
        _ balancer: Balancer, _ tries: inout Tries
    ) throws(ExchangeFault) {
        let now = worker.reactor.now
        // A body that went into a connection and is not kept counts as sent, even if the network
        // took none of it: another node would get the rest of it for the whole.
        let isReplayable = upload?.isReplayable ?? true
        let hasSent = attempt.hasSent || !isReplayable
        let failed = FailedAttempt(
            fault.kind,
            progress: hasAnswered
                ? .answerPassedOn
                : attempt.hasHeard ? .answerBegan : hasSent ? .sent : .nothingSent,
            connection: attempt.wasKept ? .kept : .new,
            method: request.method.isIdempotent ? .idempotent : .other,
            body: isReplayable ? .replayable : .gone)
        let decision = failed.decide(
            attemptsLeft: tries.left, budget: &balancer.budget, at: now)
        if decision != .again && fault.blamesNode { node.record(.failure(fault.kind), at: now) }
        switch decision {
        case .again:
            tries.allowsKept = false
        case .otherNode:
            tries.left -= 1
            tries.failed.insert(node.index)
            if tries.firstFault == nil { tries.firstFault = fault }
            tries.allowsKept = false
            record.retries += 1
            worker.counters.increment(.retries)
        case .giveUp:
            throw .origin(tries.firstFault ?? fault)
        }
    }
}

/// What has been tried for one request.
private struct Tries {
    var left: Int
    var failed = NodeSet()
    var firstFault: OriginFault?
    /// After a failure only a new connection tells more than the last one did.
    var allowsKept = true

    init(left: Int) { self.left = left }
}

/// How far one attempt came.
private struct Attempt {
    var wasKept = false
    var hasSent = false
    var hasHeard = false

    mutating func note(_ origin: any OriginPort) {
        wasKept = origin.isReused
        hasSent = origin.hasSent
        hasHeard = origin.hasHeard
    }
}

extension OriginFault {
    /// The same in the balancer's words.
    var kind: FailureKind {
        switch self {
        case .unreachable, .connectTimeout, .unresolved, .untrusted, .exhausted: .connect
        case .closedBeforeAnswer, .truncated: .reset
        case .noAnswer, .stalled: .timeout
        case .malformed: .malformed
        }
    }
}
