internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoImage
internal import PorticoLoop
internal import PorticoTelemetry

/// From an original to a stored variant: once, however many ask for it.
extension Exchange {
    /// How long another's work on the same picture is waited for.
    private static let patienceForPictures = Duration.seconds(15)

    /// Answers with the variant: a stored one that was made of this original, one that another
    /// request is having made, or one that this request has made.
    func transform(
        _ original: Original, _ image: ImageCall, _ call: CacheCall
    ) async throws(ExchangeFault) {
        imageStage = .done
        record.imageParameters = image.query.request.normalForm
        var cover: StoredResponse?
        if let overlay = image.query.request.overlay {
            cover = await fetchCover(overlay, image)
            if cover == nil {
                return try await deliver(original, of: image, because: "Overlay could not be had")
            }
        }
        let tag = ImageTag.make(original.stored.head, image, under: cover)
        var waits = 0
        while true {
            call.look(for: image.head)
            if let known = knownVariant(call, tag, of: original, under: cover, image) {
                call.permit.take()?.fulfil(with: known)
                return try await deliver(known, original, image)
            }
            if call.permit != nil || waits == Self.mostWaits { break }
            waits += 1
            switch await board(call, for: Self.patienceForPictures) {
            case .alone: waits = Self.mostWaits
            case .lead: break
            case .stored(let stored):
                if call.accepts(stored, for: image.head, at: worker.reactor.now) {
                    return try await deliver(stored, original, image)
                }
            }
        }
        switch await make(original, under: cover, image, tag) {
        case .notPicture:
            call.permit.take()?.dissolve()
            try await deliver(
                original.stored, original.status, from: original.source, head: original.head)
        case .failed(let failure):
            if let stored = keep(failure, original, under: cover, image, call, tag) {
                call.permit.take()?.fulfil(with: stored)
            }
            try await deliver(original, of: image, after: failure)
        case .made(let report, let file, let bytes, let sourceBytes, let tag):
            guard
                let (stored, source) = keep(
                    report, file, bytes, of: sourceBytes, original, under: cover, image, call, tag)
            else {
                return try await deliver(original, of: image, after: .overLimit)
            }
            worker.counters.increment(.imagesMade)
            record.imageSourceBytes = sourceBytes
            let now = worker.reactor.now
            if stored.rules.isFresh(at: now) {
                call.permit.take()?.fulfil(with: stored)
            } else {
                call.permit.take()?.dissolve()
            }
            var status = original.status
            status.isTransformed = true
            try await deliver(variant: stored, status, image, from: source)
        }
    }

    private func deliver(
        _ stored: StoredResponse, _ original: Original, _ image: ImageCall
    ) async throws(ExchangeFault) {
        if let failure = ImageHeads.failure(in: stored.head) {
            return try await deliver(original, of: image, after: failure)
        }
        try await deliver(variant: stored, original.status, image)
    }

    /// A stored variant that was made of the same bytes. Where the original has been validated since,
    /// it lives on with it.
    private func knownVariant(
        _ call: CacheCall, _ tag: [UInt8]?, of original: Original, under cover: StoredResponse?,
        _ image: ImageCall
    ) -> StoredResponse? {
        guard let found = call.found?.response, found.body.phase == .complete, let tag else {
            return nil
        }
        let fields = found.head.fields
        guard fields[fields.range(of: .etag)].equals(tag.span) else { return nil }
        let rules = Self.variantRules(original.stored.rules, under: cover)
        if ImageHeads.failure(in: found.head) == .overLimit {
            return found.rules.isFresh(at: worker.reactor.now) ? found : nil
        }
        if found.rules.freshUntil == rules.freshUntil,
            call.cache.ledger.verdict(on: found.stamp) == .untouched
        {
            return found
        }
        var head = found.head
        let newer = original.stored.head.fields
        for name in [FieldName.date, .expires, .cacheControl, .surrogateControl, .cdnCacheControl] {
            head.fields.remove(name)
            for line in newer.lines where line.name == name {
                head.fields.append(name, newer[line.valueRange])
            }
        }
        let renewed = call.makeVariant(
            head, rules, of: original.stored, cover: cover, to: image.head, body: found.body)
        guard let renewed, call.cache.store.insert(renewed) else { return found }
        return renewed
    }

    // MARK: - Making

    private enum Making {
        case made(ImageReport, MemoryFile, bytes: Int, sourceBytes: Int, tag: [UInt8])
        case failed(ImageFailure)
        /// By its first bytes, where only its type was doubtful.
        case notPicture
    }

    /// Waits for the whole original, and has a worker process transform it. Who asked for it may
    /// leave meanwhile: it has its deadline, and others may want it.
    private func make(
        _ original: Original, under cover: StoredResponse?, _ image: ImageCall, _ tag: [UInt8]?
    ) async -> Making {
        let stored = original.stored
        let limits = image.policy.limits
        switch await OriginalBody.wait(for: stored, upTo: limits.inputBytes, on: worker.reactor) {
        case .whole: break
        case .lost: return .failed(.unparsable)
        case .tooLarge: return .failed(.sourceTooLarge)
        case .notKept: return .failed(.overLimit)
        }
        let count = stored.body.length
        guard let coding = OriginalBody.coding(stored.head) else { return .failed(.unparsable) }
        let beginning = 0..<Int64(min(count, ImageFormat.signatureLength))
        let signature = await OriginalBody.signature(from: source(of: stored, beginning))
        if coding == .plain, ImageFormat(signature: signature.span) == nil {
            let fields = stored.head.fields
            let type = fields[fields.range(of: .contentType)]
            let isNamed = type.count > 6 && type.extracting(..<6).equalsFolded("image/")
            return isNamed || image.takesQuery ? .failed(.unsupported) : .notPicture
        }
        let coverCount = cover?.body.length ?? 0
        guard let room = image.policy.transformer.reserve(count + coverCount),
            let source = await OriginalBody.copy(from: source(of: stored), on: worker.reactor)
        else { return .failed(.overLimit) }
        var overlay: (MemoryFile, Int)?
        if let cover {
            guard
                let file = await OriginalBody.copy(from: self.source(of: cover), on: worker.reactor)
            else { return .failed(.overLimit) }
            overlay = (file, coverCount)
        }
        let reactor = worker.reactor
        let point = WaitPoint(reactor.timers)
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        let timeout = image.policy.settings.timeout
        let deadline = reactor.now + timeout
        // What begins late would only be cut off.
        let patience = reactor.now + timeout / 4
        let job = ImageErrand(
            image.query.request, of: source, bytes: count, in: room, coding: coding,
            overlay: overlay, within: limits, begunBy: patience, by: deadline,
            wake: { waker.wake() })
        image.policy.transformer.submit(job)
        while job.look() == nil {
            if await point.wait(by: patience) == .late { break }
        }
        if job.giveUp() { return .failed(.overLimit) }
        // A moment more than the processes have: they say no by themselves.
        while job.look() == nil {
            if await point.wait(by: deadline + .milliseconds(500)) == .late { break }
        }
        switch job.look() {
        case .made(let report, let file, let bytes)?:
            let tag =
                tag
                ?? ImageTag.make(
                    content: source.withBytes(of: count) { ImageTag.hash($0) }, image, under: cover)
            return .made(report, file, bytes: bytes, sourceBytes: count, tag: tag)
        case .failed(let failure)?: return .failed(failure)
        case nil: return .failed(.overLimit)
        }
    }

    // MARK: - Keeping

    private func keep(
        _ report: ImageReport, _ file: MemoryFile, _ bytes: Int, of sourceBytes: Int,
        _ original: Original, under cover: StoredResponse?, _ image: ImageCall, _ call: CacheCall,
        _ tag: [UInt8]
    ) -> (StoredResponse, StoredSource)? {
        let store = call.cache.store
        guard var writer = store.makeBody(expecting: bytes),
            let source = StoredSource(writer.body, on: worker.reactor)
        else { return nil }
        let body = writer.body
        do throws(IOFault) {
            try file.forEachPiece(of: bytes) { _ = writer.append($0) }
        } catch {
            return nil
        }
        let isKept = writer.isKept
        writer.finish()
        let head = ImageHeads.variant(
            of: original.stored.head, report, sourceBytes: sourceBytes, bytes: bytes, tag: tag,
            takesQuery: image.takesQuery)
        guard
            let stored = call.makeVariant(
                head, Self.variantRules(original.stored.rules, under: cover), of: original.stored,
                cover: cover, to: image.head, body: body)
        else { return nil }
        // On disk it would be known by the original's words only.
        if isKept, store.insert(stored), cover == nil, let disk = call.cache.disk,
            let write = disk.begin(stored, call.words(for: original.stored.head))
        {
            disk.finish(write)
        }
        return (stored, source)
    }

    /// Notes that there is no such variant: whoever asks next is not to cost another try. What we
    /// could not do is tried again soon.
    private func keep(
        _ failure: ImageFailure, _ original: Original, under cover: StoredResponse?,
        _ image: ImageCall, _ call: CacheCall, _ tag: [UInt8]?
    ) -> StoredResponse? {
        guard let writer = call.cache.store.makeBody(expecting: 0) else { return nil }
        let body = writer.body
        writer.finish()
        var rules = Self.variantRules(original.stored.rules, under: cover)
        if failure.blame == .us {
            let now = Int64(clamping: worker.reactor.now.nanoseconds)
            rules.freshUntil = min(rules.freshUntil, now + Self.pauseAfterLimit)
        }
        let head = ImageHeads.failed(
            failure, of: original.stored.head, tag: tag ?? [], takesQuery: image.takesQuery)
        guard
            let stored = call.makeVariant(
                head, rules, of: original.stored, cover: cover, to: image.head, body: body),
            call.cache.store.insert(stored)
        else { return nil }
        return stored
    }

    /// Nanoseconds. The contract allows ten seconds.
    private static let pauseAfterLimit: Int64 = 3_000_000_000

    /// The original's times; what is stale goes by way of the original.
    private static func variantRules(
        _ rules: StoredRules, under cover: StoredResponse?
    ) -> StoredRules {
        var rules = rules
        if let cover { rules.freshUntil = min(rules.freshUntil, cover.rules.freshUntil) }
        rules.flags.insert(.hasETag)
        rules.flags.remove([.listsFields, .stripsCookies])
        return rules
    }
}

/// The entity tag of a variant: the same for the same picture of the same original.
enum ImageTag {
    /// Counts up when the pipeline makes other bytes of the same request.
    private static let edition: UInt8 = 1
    private static let hasher = KeyedHash128(seed: (0x706F_7274_6963_6F00, 0x696D_6167_6573))

    /// By the original's validators; nil where it has none.
    static func make(
        _ original: borrowing ResponseHead, _ image: ImageCall, under cover: StoredResponse?
    ) -> [UInt8]? {
        var text = Buffer()
        for name in [FieldName.etag, .lastModified] {
            let value = original.fields[original.fields.range(of: name)]
            if value.isEmpty { continue }
            text.append(value)
            text.append(0x0A)
        }
        return text.isEmpty ? nil : make(content: hasher(text.bytes), image, under: cover)
    }

    static func hash(_ content: Span<UInt8>) -> KeyedHash128.Digest { hasher(content) }

    static func make(
        content: KeyedHash128.Digest?, _ image: ImageCall, under cover: StoredResponse?
    ) -> [UInt8] {
        var text = Buffer()
        text.append(edition)
        text.append(hexadecimal: content?.high ?? 0)
        text.append(hexadecimal: content?.low ?? 0)
        text.append(decimal: UInt64(max(0, image.policy.limits.quality)))
        image.query.request.write(into: &text)
        if let cover {
            // Without validators, when it came.
            for name in [FieldName.etag, .lastModified, .date] {
                let fields = cover.head.fields
                text.append(0x0A)
                text.append(fields[fields.range(of: name)])
            }
        }
        let digest = hasher(text.bytes)
        var tag = Buffer()
        tag.append(0x22)
        tag.append(hexadecimal: digest.high)
        tag.append("-")
        tag.append(hexadecimal: digest.low)
        tag.append(0x22)
        return tag.bytes.array
    }
}
