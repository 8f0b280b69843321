internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoImage
internal import PorticoLoop
internal import PorticoTelemetry

/// Pictures by query: which requests ask for one, and how the cache answers them.
extension Exchange {
    /// The picture that the request asks for by its path; nil: it is to be served as all others.
    func imageCall() -> ImageCall? {
        guard case .open = imageStage, let site, site.transformsImages, let images = policy.images,
            request.method == .get || request.method == .head, client.bodyLength == .none
        else { return nil }
        let request = request
        let path = PathNormaliser.normalise(path: request[request.path])
        guard images.takesQuery(of: path) else { return nil }
        return ImageCall(
            request, images, takesQuery: true, obeysOrders: client.facts.isTrustedProxy)
    }

    /// The picture that is made of an answer on another path, by its type.
    func imageCall(after stored: StoredResponse) -> ImageCall? {
        guard case .open = imageStage, let site, site.transformsImages, let images = policy.images,
            request.method == .get || request.method == .head, stored.head.status == 200,
            !(client is Nobody)
        else { return nil }
        let fields = stored.head.fields
        let type = fields[fields.range(of: .contentType)]
        let end = type.firstIndex(of: 0x3B) ?? type.count
        guard Self.mayBePicture(type.extracting(..<end).trimmingOWS) else { return nil }
        return ImageCall(
            request, images, takesQuery: false, obeysOrders: client.facts.isTrustedProxy)
    }

    /// SVG is text, and passes as it is.
    private static func mayBePicture(_ type: Span<UInt8>) -> Bool {
        if type.equalsFolded("application/octet-stream") { return true }
        return type.count > 6 && type.extracting(..<6).equalsFolded("image/")
            && !type.equalsFolded("image/svg+xml")
    }

    /// Answers with the variant where it is stored and fresh; else has the original looked up, or
    /// fetched, as for any request, and makes the variant of it.
    func serve(_ image: ImageCall, by route: Route) async throws(ExchangeFault) {
        imageStage = .done
        record.imageParameters = image.query.request.normalForm
        if image.policy.settings.strict, let warning = image.query.warnings.first {
            return try await refuseImage(400, Array(warning.utf8))
        }
        let call = variantCall(image, by: route)
        var known: ImageFailure?
        if let call {
            call.look(for: image.head)
            if call.mayBeOnDisk { await call.readFromDisk(for: image.head) }
            if let (stored, status) = freshVariant(call) {
                known = ImageHeads.failure(in: stored.head)
                switch known?.blame {
                case nil: return try await deliver(variant: stored, status, image)
                case .request: return try await refuse(image, because: known ?? .overLimit)
                case .source, .us: break
                }
            }
        }
        guard let original = try await fetchOriginal(image, by: route) else { return }
        if original.stored.head.status != 200 {
            return try await deliver(original, of: image, because: "Invalid status")
        }
        guard let call else {
            return try await deliver(original, of: image, because: "Response is not cacheable")
        }
        if let known { return try await deliver(original, of: image, after: known) }
        try await transform(original, image, call)
    }

    /// What to ask the cache for the variant; nil where nothing of it may be stored.
    func variantCall(_ image: ImageCall, by route: Route) -> CacheCall? {
        route.caches ? variantCall(image) : nil
    }

    func variantCall(_ image: ImageCall) -> CacheCall? {
        guard let cache = policy.cache, let place = site?.purgeSite else { return nil }
        return CacheCall(
            cache, of: place, for: image.head, RequestRules(image.head, .obeys),
            isHTTPS: Forwarding.scheme(of: request, client.facts) == .https,
            style: site?.keyStyle ?? .plain, suffix: image.suffix)
    }

    /// Only what is fresh answers by itself: the rest is judged by its original.
    private func freshVariant(_ call: CacheCall) -> (StoredResponse, CacheStatus)? {
        guard let found = call.found else { return nil }
        let now = worker.reactor.now
        let stored = found.response
        guard
            case .fresh = Reuse.decide(
                call.rules, stored.rules, at: now, staleSince: call.staleSince(now))
        else { return nil }
        record.cache = .hit
        return (stored, CacheStatus(hit: stored.rules.timeToLive(at: now)))
    }

    /// The original, from the cache or by the cache's one fetch; nil: it may not be stored, and
    /// the client has it already.
    private func fetchOriginal(
        _ image: ImageCall, by route: Route
    ) async throws(ExchangeFault) -> Original? {
        let taker = OriginalClient(of: client, asking: request.method, image)
        let errand = Exchange(image.head, from: taker, as: self)
        errand.imageStage = .fetching(taker)
        defer {
            let parameters = record.imageParameters
            record = errand.record
            record.imageParameters = parameters
            hasAnswered = errand.hasAnswered
        }
        try await errand.serve(by: route)
        return taker.original
    }

    /// Variants stand under keys of their own: what takes their original must take them by its mark.
    func purgeVariants(of key: Span<UInt8>, _ written: CacheKey, _ cache: ResponseCache) {
        guard let site, site.transformsImages, let images = policy.images else { return }
        let target = key.extracting(written.target.range)
        let path = PathNormaliser.normalise(
            path: target.extracting(..<(target.firstIndex(of: 0x3F) ?? target.count)))
        guard images.takesQuery(of: path) else { return }
        let purged = policy.purgeTarget(.url(ResponseCache.url(of: key, written)), of: site)
        _ = cache.ledger.purge(purged, of: site.purgeSite, .hard)
    }

    // MARK: - Answers

    func deliver(
        variant stored: StoredResponse, _ status: CacheStatus, _ image: ImageCall,
        from source: StoredSource? = nil
    ) async throws(ExchangeFault) {
        var head = stored.head
        ImageHeads.dress(&head, for: image)
        record.imageBytes = stored.body.length
        worker.counters.increment(.imagesDelivered)
        try await deliver(stored, status, from: source, head: head)
    }

    /// The original's own bytes.
    func deliver(
        _ original: Original, of image: ImageCall, because text: StaticString
    ) async throws(ExchangeFault) {
        imageStage = .done
        worker.counters.increment(.imagesPassed)
        var head = original.head ?? original.stored.head
        ImageHeads.add(error: text, to: &head)
        ImageHeads.dress(&head, for: image)
        try await deliver(original.stored, original.status, from: original.source, head: head)
    }

    /// What a failure earns: 400 for what cannot be done, the original for what we cannot do.
    func deliver(
        _ original: Original, of image: ImageCall, after failure: ImageFailure
    ) async throws(ExchangeFault) {
        switch failure.blame {
        case .request: try await refuse(image, because: failure)
        case .source where image.policy.settings.onSourceError == .unprocessable:
            worker.counters.increment(.imageFailuresSource)
            try await refuseImage(422, failure.reason.bytes)
        case .source, .us:
            worker.counters.increment(
                failure.blame == .us ? .imageFailuresLimit : .imageFailuresSource)
            try await deliver(original, of: image, because: failure.reason)
        }
    }

    private func refuse(
        _ image: ImageCall, because failure: ImageFailure
    ) async throws(ExchangeFault) {
        worker.counters.increment(.imageFailuresRequest)
        try await refuseImage(400, failure.reason.bytes)
    }

    private func refuseImage(_ status: UInt16, _ reason: [UInt8]) async throws(ExchangeFault) {
        imageStage = .done
        response.reset()
        response.status = status
        response.fields.append(.contentType, "text/plain; charset=utf-8")
        response.fields.append(.cacheControl, "no-store")
        ImageHeads.add(error: reason, to: &response)
        try await answer(body: reason + [0x0A])
    }
}

extension StaticString {
    var bytes: [UInt8] {
        var text = Buffer()
        text.append(self)
        return text.bytes.array
    }
}
