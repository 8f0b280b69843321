internal import PorticoCache
internal import PorticoHTTP
internal import PorticoImage
internal import PorticoLoop

extension Exchange {
    /// What is laid over a picture, from the cache or its origin: asked for as the client's own
    /// request would be, so that the site's limits, its routes and their lists of addresses hold.
    /// Nil where it cannot be had whole, or may not be stored.
    func fetchCover(_ overlay: ImageOverlay, _ image: ImageCall) async -> StoredResponse? {
        guard let site, var head = head(including: overlay.target.span) else { return nil }
        head.fields.remove(.accept)
        let taker = OriginalClient(of: Nobody(as: client.facts), asking: .get, image)
        let errand = Exchange(head, from: taker, as: self)
        errand.imageStage = .fetching(taker)
        do throws(ExchangeFault) {
            if let wait = try errand.admit(to: site) { try await errand.hold(for: wait) }
            try await errand.serve(by: try errand.route(within: site))
        } catch {
            return nil
        }
        guard let stored = taker.original?.stored, stored.head.status == 200,
            OriginalBody.coding(stored.head) == .plain,
            case .whole = await OriginalBody.wait(
                for: stored, upTo: image.policy.limits.inputBytes, on: worker.reactor)
        else { return nil }
        return stored
    }
}
