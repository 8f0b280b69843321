internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoTelemetry

/// What a site's preset knows of its shop beyond the standards, step by step.
extension Exchange {
    private var isMagento: Bool { site?.preset == .magento }

    /// Files are the same for everybody: no cookie reaches their origin, or tells them apart.
    static func hidesCookies(
        of received: borrowing RequestHead, _ site: Site, _ route: Route
    ) -> Bool {
        site.preset == .magento && route.caches && MagentoRules.isStatic(received[received.path])
            && received.fields.contains(.cookie)
    }

    /// Whether the shop never has this request answered from a cache.
    var presetBypasses: Bool { isMagento && MagentoRules.bypasses(request) }

    /// Under which rules a response may be kept; nil: it is for this client alone.
    func rulesToStore(
        _ head: borrowing ResponseHead, _ call: CacheCall, _ times: FetchTimes
    ) -> StoredRules? {
        if !isMagento { return rulesToStore(head, call, times, under: call.cache.settings) }
        if MagentoRules.isPrivate(head, to: request) {
            call.cache.refusals.note(
                call.hash, .private, status: head.status, at: worker.reactor.now)
            return nil
        }
        var settings = call.cache.settings
        settings.setCookie = .strip
        guard var rules = rulesToStore(head, call, times, under: settings) else { return nil }
        MagentoRules.settle(&rules, head)
        return rules
    }

    private func rulesToStore(
        _ head: borrowing ResponseHead, _ call: CacheCall, _ times: FetchTimes,
        under settings: borrowing CacheSettings
    ) -> StoredRules? {
        switch Storability.judge(
            request, call.rules, head, times: times, settings: settings, isHTTPS: call.isHTTPS)
        {
        case .store(let rules): return rules
        case .no(let reason):
            call.cache.refusals.note(
                call.hash, reason, status: head.status, at: worker.reactor.now)
            return nil
        }
    }

    /// A page that is stored loses the cookies that came with it, for everybody.
    func presetStrip() {
        if isMagento { response.fields.remove(.setCookie) }
    }

    /// Whether a page that is not stored may include others.
    var presetAnnouncesESI: Bool { isMagento && MagentoRules.isText(response.fields) }

    /// Makes of the response what the shop wants browsers to see.
    func presetFinish() {
        guard isMagento else { return }
        let outcome: MagentoRules.Outcome =
            switch record.cache {
            case .hit, .joined, .revalidated: .hit
            case .stale: cacheStatus?.forward == nil ? .staleHit : .staleForError
            case .miss: .miss
            case .pass, .refresh, .none: .uncacheable
            }
        MagentoRules.finish(&response, to: request, outcome)
    }
}
