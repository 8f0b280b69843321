internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins

extension Exchange {
    /// Asks an origin node, and another one where that is allowed and may help, and delivers
    /// what it answers.
    func fetch(by route: Route) async throws(ExchangeFault) {
        record.isPass = true
        let isUpgrade = request.asksForWebSocket
        let head = withID { id in
            Forwarding.request(
                from: request, facts: client.facts, requestID: id, isUpgrade: isUpgrade)
        }
        let upload = Upload(of: client, keeping: request.method.isIdempotent)
        let balancer = worker.balancer(for: route.pool)
        var tries = Tries(
            method: request.method, retries: route.pool.description.retries, upload: upload)
        balancer.requestBegan()

        while true {
            let node = try select(from: balancer, for: route, tries)
            let sentAt = worker.reactor.now
            do throws(ExchangeFault) {
                let origin = try await ask(node, of: route.pool, head, upload, &tries)
                record.originTime = worker.reactor.now.since(sentAt)
                node.record(
                    response.status >= 500 ? .failure(.serverError) : .success, at: worker.reactor.now)
                try await deliver(from: origin, upload: upload, isUpgrade: isUpgrade)
                return
            } catch {
                guard case .origin(let fault) = error, !hasAnswered else { throw error }
                try judge(fault, of: node, balancer: balancer, &tries)
            }
        }
    }

    /// The next node to ask.
    private func select(
        from balancer: Balancer, for route: Route, _ tries: borrowing Tries
    ) throws(ExchangeFault) -> Node {
        let key = route.hashKey.map { hash($0) }
        switch balancer.select(at: worker.reactor.now, excluding: tries.excluded, key: key) {
        case .node(let node):
            record.node = node
            return node
        case .none:
            // The first fault says more than that nobody else is left.
            if let fault = tries.lastFault { throw .origin(fault) }
            throw .refused(.noOrigin(retryAfter: route.pool.retryAfter))
        }
    }

    /// Sends the request to one node and waits for the head of its answer.
    private func ask(
        _ node: Node, of pool: Pool, _ head: RequestHead, _ upload: Upload, _ tries: inout Tries
    ) async throws(ExchangeFault) -> any OriginPort {
        let scope = client.scope
        let origin = try await worker.dialer.connect(to: node, of: pool, in: scope)
        tries.began(on: origin)
        do throws(ExchangeFault) {
            origin.begin(head, length: client.bodyLength)
            try upload.begin(to: origin)
            if upload.isFinished {
                try await origin.flush()
            } else {
                worker.reactor.start { await self.carry(upload, to: origin) }
            }
            response = try await receiveHead(from: origin, in: scope)
            return origin
        } catch {
            tries.noteEnd(of: origin)
            origin.abandon()
            upload.stop()
            // The uploader interrupts the wait for the answer: its fault is the reason.
            if let fault = uploadFault { throw fault }
            throw error
        }
    }

    /// The final head of a response; interim ones go to the client as they come.
    private func receiveHead(
        from origin: any OriginPort, in scope: Scope
    ) async throws(ExchangeFault) -> ResponseHead {
        var head = ResponseHead()
        for _ in 0..<Self.interimLimit {
            responseLength = try await origin.receiveHead(
                into: &head, answering: request.method, in: scope)
            if !head.isInterim { return head }
            if request.version != .http10 {
                Forwarding.prepareInterim(&head)
                try await client.sendInterim(head)
            }
            head.reset()
        }
        throw .origin(.malformed)
    }

    /// An origin that sends more 1xx than this before its answer is not going to answer.
    private static let interimLimit = 64

    /// Whether to go on after a fault: throws it when not.
    private func judge(
        _ fault: OriginFault, of node: Node, balancer: Balancer, _ tries: inout Tries
    ) throws(ExchangeFault) {
        tries.lastFault = fault
        let now = worker.reactor.now
        switch tries.decide(after: fault, node: node, budget: &balancer.budget, at: now) {
        case .again: return
        case .elsewhere(let isFaultOfNode):
            if isFaultOfNode { node.record(.failure(fault.kind), at: now) }
            record.retries += 1
        case .giveUp(let isFaultOfNode):
            if isFaultOfNode { node.record(.failure(fault.kind), at: now) }
            throw .origin(fault)
        }
    }
}
