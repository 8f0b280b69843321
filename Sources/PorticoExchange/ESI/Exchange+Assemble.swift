internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop

/// Pages put together from parts that are cached each in its own way (Edge Side Includes), where
/// their origin announces it.
extension Exchange {
    /// What puts the response together, whose head stands in `response`; nil: it is one piece.
    func beginAssembly(isAnnounced: Bool) -> PageAssembly? {
        guard isAnnounced, response.status == 200, depth < PageAssembly.mostDepth,
            !response.fields.contains(.contentRange)
        else { return nil }
        return PageAssembly(&response, budget: includeBudget ?? PageAssembly.Budget())
    }

    /// Tells an origin that pages may be left for the edge to put together (Edge Architecture
    /// Specification §2.1): on requests of those who say that they take pages.
    func announceAssembly(in head: inout RequestHead) {
        var takesPages = false
        head.fields.forEachMember(of: .accept) { member in
            let type = member.extracting(..<(member.firstIndex(of: 0x3B) ?? member.count))
                .trimmingOWS
            takesPages =
                takesPages || type.equalsFolded("text/html") || type.equals("*/*")
                || type.equalsFolded("text/*")
        }
        if takesPages { head.fields.append(.surrogateCapability, "portico=\"ESI/1.0\"") }
    }

    /// Moves a page, and what it includes, until it is complete.
    func assemble(
        _ assembly: PageAssembly, from source: any BodySource, to page: any BodySink
    ) async throws(ExchangeFault) {
        var turns = Turns()
        while true {
            if let include = try assembly.next(to: page) {
                try await put(include, into: page, assembly.budget)
                continue
            }
            if page.isFull {
                try await page.flush(in: client.scope)
                continue
            }
            if assembly.isDone { return }
            switch try source.transfer(to: assembly) {
            case .moved: await turns.yieldNowAndThen()
            case .finished: assembly.end()
            case .blocked:
                try await page.flush(in: client.scope)
                try await source.readable(in: client.scope)
            }
        }
    }

    /// Puts what is included, else its alternative, else nothing: a page without one of its parts
    /// is worth more than none.
    private func put(
        _ include: ESIInclude, into page: any BodySink, _ budget: PageAssembly.Budget
    ) async throws(ExchangeFault) {
        for reference in [include.source, include.alternative] where !reference.isEmpty {
            guard budget.left > 0 else { return }
            budget.left -= 1
            guard let head = head(including: reference.span) else { continue }
            let part = IncludeClient(of: client, into: page)
            let exchange = Exchange(head, from: part, on: worker)
            exchange.site = site
            exchange.depth = depth + 1
            exchange.includeBudget = budget
            await exchange.runIncluded()
            if part.isCut { throw .origin(.truncated) }
            if part.isGood { return }
        }
    }

    /// One included resource: under the site's routes, and without a log line of its own.
    private func runIncluded() async {
        defer {
            concludeInspection(status: 0)
            worker.giveBack(&response.fields)
        }
        guard let site else { return }
        do throws(ExchangeFault) {
            try await serve(by: try route(within: site))
        } catch {
            if hasAnswered { client.cut() }
        }
    }

    /// The request for an included resource: the page's own with another target. Nil for other
    /// hosts: who may write a page may not have the edge ask whom he likes.
    private func head(including reference: Span<UInt8>) -> RequestHead? {
        let request = request
        let isHTTPS = Forwarding.scheme(of: request, facts) == .https
        guard let target = URIReference(reference, relativeTo: request, isHTTPS: isHTTPS),
            request[request.authority].equalsFolded(target.authority.span)
        else { return nil }
        var head = request
        head.fields.removeAll { line, _ in Self.isOfPage(line.name) }
        head.method = .get
        let method: StaticString = "GET"
        var text = Buffer()
        text.append(method)
        text.append(target.path.span)
        if let query = target.query {
            text.append(0x3F)
            text.append(query.span)
        }
        let start = head.fields.adopt(text.bytes)
        let path = start + method.utf8CodeUnitCount
        let end = path + target.path.count
        head.methodRange = ByteRange(start, path)
        head.path = ByteRange(path, end)
        head.query = target.query.map { ByteRange(end + 1, end + 1 + $0.count) }
        head.targetRange = ByteRange(path, start + text.count)
        return head
    }

    /// What a page's request says of the page, or of its own body.
    private static func isOfPage(_ name: FieldName) -> Bool {
        switch name {
        case .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .range,
            .acceptEncoding, .contentLength, .contentType, .contentEncoding, .transferEncoding,
            .expect, .upgrade, .trailer:
            true
        default: false
        }
    }
}
