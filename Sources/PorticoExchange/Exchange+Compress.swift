internal import PorticoBytes
internal import PorticoCache
internal import PorticoCoding
internal import PorticoHTTP
internal import PorticoLoop

/// Content codings (RFC 9110 §8.4) that the edge applies.
extension Exchange {
    /// The request as the cache and an origin are to see it, and which codings the client takes,
    /// where the edge compresses. There the origin is asked for plain bytes: one object serves all
    /// clients, whatever each of them takes, and is coded once for each coding. Where it does not
    /// but stores, the origin is told the codings that there are and nothing else: no stranger's
    /// words shape what others get, and few variants arise. Who asks for a picture gets one that
    /// can be transformed, and those are not worth a coding.
    static func narrow(
        _ received: RequestHead, for site: Site?
    ) -> (RequestHead, AcceptEncoding?) {
        // Without storage it is what is known of a head that could not be read.
        guard let site, !received.fields.storage.isEmpty else { return (received, nil) }
        let compresses = site.compressesFrom != nil
        let names = received.fields.contains(.acceptEncoding)
        if !names && site.preset == .none {
            return (received, compresses ? AcceptEncoding(received.fields) : nil)
        }
        let route = site.route(path: received[received.path])
        let hidesCookies = hidesCookies(of: received, site, route)
        let accepted = AcceptEncoding(received.fields)
        let isNarrow = names && (compresses || route.caches)
        let codings = compresses ? accepted : nil
        if !isNarrow && !hidesCookies { return (received, codings) }
        var head = received
        head.fields.removeAll { line, _ in
            (isNarrow && line.name == .acceptEncoding) || (hidesCookies && line.name == .cookie)
        }
        if isNarrow && !compresses && !asksForPicture(received, of: site) {
            var list = Buffer()
            accepted.write(into: &list)
            if !list.isEmpty { head.fields.append(.acceptEncoding, list.bytes) }
        }
        return (head, codings)
    }

    /// Whether an answer would be transformed, as far as a browser says so: beside an `<img>` it names
    /// types of pictures and no page's.
    private static func asksForPicture(_ received: RequestHead, of site: Site) -> Bool {
        guard site.transformsImages else { return false }
        var namesPictures = false
        var namesPages = false
        received.fields.forEachMember(of: .accept) { member in
            let type = member.extracting(..<(member.firstIndex(of: 0x3B) ?? member.count))
                .trimmingOWS
            namesPictures =
                namesPictures || (type.count > 6 && type.extracting(..<6).equalsFolded("image/"))
            namesPages = namesPages || type.equalsFolded("text/html")
        }
        return namesPictures && !namesPages
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

    /// An encoder on the way to the client, for a stored body that cannot be kept coded.
    func sinkForUnkept(_ length: Int64?) -> EncodingSink? {
        guard let coding = codings?.best(of: Compression.orderForPassing) else { return nil }
        let sink = EncodingSink(to: client, as: coding, length: length.map { Int(clamping: $0) })
        if sink != nil { Compression.markCoded(&response, as: coding) }
        return sink
    }

    /// A 304 for a client that was given this tag with a coded body.
    func weakenNotModified() {
        guard response.status == 304, site?.compressesFrom != nil else { return }
        let asked = request
        Compression.weakenNotModified(&response, asked: asked.fields)
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
        if body.keep(encoder.coded, as: coding.rawValue) {
            encoder.start()
            return source
        }
        // Another worker was faster.
        return body.coded(as: coding.rawValue).flatMap { StoredSource($0, on: reactor) }
    }
}
