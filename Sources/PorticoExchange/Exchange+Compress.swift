internal import PorticoBytes
internal import PorticoCache
internal import PorticoCoding
internal import PorticoHTTP
internal import PorticoLoop

/// Content codings (RFC 9110 §8.4) that the edge applies.
extension Exchange {
    /// Notes what the client takes. Where the edge compresses, the origin is asked for plain
    /// bytes: one object serves all clients, whatever each of them takes, and is coded once for
    /// each coding. Where it does not but stores, the origin is told the codings that there are
    /// and nothing else: no stranger's words shape what others get, and few variants arise.
    func takeCodings(by route: Route) {
        let compresses = site?.compressesFrom != nil
        let accepted = AcceptEncoding(request.fields)
        if compresses { codings = accepted }
        guard compresses || route.caches, request.fields.contains(.acceptEncoding) else { return }
        request.fields.remove(.acceptEncoding)
        if compresses { return }
        var list = Buffer()
        accepted.write(into: &list)
        if !list.isEmpty { request.fields.append(.acceptEncoding, list.bytes) }
    }

    /// Marks a response that may be coded, and chooses its coding; nil: it goes as it is.
    func negotiateCoding(length: Int?, isKept: Bool) -> ContentCoding? {
        guard let codings, let least = site?.compressesFrom,
            Compression.suits(response, length: length, least: least)
        else { return nil }
        Compression.markNegotiated(&response)
        // Ranges are of the plain bytes, whose tag is the strong one.
        if request.fields.contains(.range) { return nil }
        return codings.best(
            of: isKept ? Compression.orderForKept : Compression.orderForPassing)
    }

    /// Where a body goes that is for this client alone: to him, or through an encoder.
    func sinkForPassing(_ length: BodyLength) -> (any BodySink, BodyLength) {
        var count: Int?
        switch length {
        case .none: if request.method != .head { return (client, length) }
        case .known(let known): count = Int(clamping: known)
        case .unknown: break
        }
        guard let coding = negotiateCoding(length: count, isKept: false),
            let sink = EncodingSink(to: client, as: coding, length: count)
        else { return (client, length) }
        Compression.markCoded(&response, as: coding)
        // Nothing follows a HEAD but what a GET would have got in its head.
        return request.method == .head ? (client, length) : (sink, .unknown)
    }

    /// The stored body in a coding, made by the first who asks; nil where it cannot be had.
    func coded(_ stored: StoredResponse, as coding: ContentCoding) -> StoredSource? {
        let reactor = worker.reactor
        let body = stored.body
        if let coded = body.coded(as: coding.rawValue) {
            return StoredSource(coded, on: reactor)
        }
        guard let store = policy.cache?.store, let writer = store.makeBody(expecting: nil),
            let encoder = BodyEncoder(
                body, as: coding, to: writer, on: reactor, completed: { store.reweigh(stored) })
        else { return nil }
        // The reader first: a body that is not kept has only those who were there.
        let source = StoredSource(encoder.coded, on: reactor)
        if body.keep(encoder.coded, as: coding.rawValue) { encoder.start() }
        return source
    }
}
