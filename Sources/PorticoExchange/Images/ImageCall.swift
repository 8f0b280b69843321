internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoImage

/// What one request wants of a picture.
struct ImageCall {
    let policy: ImagePolicy
    let query: ImageQuery
    /// Names that decide beside the query, for Vary.
    let varies: [StaticString]
    /// What is asked of cache and origin: the request, or, where its query is ours, one without.
    let head: RequestHead
    /// The key's last part, which tells the variant from its original.
    let suffix: [UInt8]
    let takesQuery: Bool

    /// `takesQuery`: none of the query reaches the origin. `obeysOrders`: the peer is a proxy that is
    /// trusted, so that fields which only rules of an edge may set are believed.
    init(
        _ request: borrowing RequestHead, _ policy: ImagePolicy, takesQuery: Bool, obeysOrders: Bool
    ) {
        self.policy = policy
        self.takesQuery = takesQuery
        var accepted = AcceptedImages()
        for line in request.fields.lines where line.name == .accept {
            accepted.add(request[line.valueRange])
        }
        var query = ImageQuery(
            request[request.query ?? .empty], accepting: accepted, auto: policy.settings.auto)
        var varies: [StaticString] = query.negotiates ? ["Accept"] : []
        if policy.settings.clientHints { varies += Self.takeHints(of: request, into: &query) }
        if obeysOrders { Self.takeOverlay(of: request, into: &query) }
        self.query = query
        self.varies = varies
        // A newline more than any key of an original has.
        suffix = [0x0A] + query.request.normalForm
        head = takesQuery ? Self.original(of: request) : copy request
    }

    private static func takeOverlay(of request: borrowing RequestHead, into query: inout ImageQuery)
    {
        for index in 0..<request.fields.count
        where request.fields.lines[index].name == .other
            && request.fields.name(at: index).equalsFolded("x-fastly-imageopto-overlay")
        {
            query.take(overlay: request.fields.value(at: index))
        }
    }

    /// Asks for the whole original, in the one form that all variants are made of.
    private static func original(of request: borrowing RequestHead) -> RequestHead {
        var fields = Fields()
        fields.take(request.fields, spareBytes: 64, spareLines: 4)
        fields.removeAll { line, _ in
            switch line.name {
            case .accept, .acceptEncoding, .range, .ifRange, .ifMatch, .ifNoneMatch,
                .ifModifiedSince, .ifUnmodifiedSince:
                true
            default: false
            }
        }
        var head = RequestHead(request, with: fields)
        head.query = nil
        if head.method == .head {
            let get: StaticString = "GET"
            var name = Buffer()
            name.append(get)
            let start = head.fields.adopt(name.bytes)
            head.method = .get
            head.methodRange = ByteRange(start, start + name.count)
        }
        return head
    }

    /// What the client says of its screen, where the query does not; the names of the fields that
    /// were or would have been heard.
    private static func takeHints(
        of request: borrowing RequestHead, into query: inout ImageQuery
    ) -> [StaticString] {
        let before = query.request
        var hints = ImageHints()
        for index in 0..<request.fields.count where request.fields.lines[index].name == .other {
            let name = request.fields.name(at: index)
            let value = request.fields.value(at: index)
            if name.equalsFolded("sec-ch-dpr") || name.equalsFolded("dpr") {
                hints.take(dpr: value)
            } else if name.equalsFolded("sec-ch-width") || name.equalsFolded("width") {
                hints.take(width: value)
            } else if name.equalsFolded("save-data") {
                hints.take(saveData: value)
            }
        }
        query.take(hints)
        var names: [StaticString] = []
        if !before.namesDPR { names += ["Sec-CH-DPR", "DPR"] }
        if before.width == nil { names += ["Sec-CH-Width", "Width"] }
        if before.quality == nil, before.optimise == nil { names.append("Save-Data") }
        return names
    }
}

extension ImageRequest {
    /// 1 is what is absent means, and what may be said.
    fileprivate var namesDPR: Bool { dpr != FixedPoint(1) }
}
