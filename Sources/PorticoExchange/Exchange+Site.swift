internal import PorticoBytes
internal import PorticoHTTP

extension Exchange {
    /// The site that answers for the request's host; 404 without one, 421 for a host that this
    /// connection may not ask for.
    func findSite() throws(ExchangeFault) -> Site {
        let request = request
        guard let found else { throw .refused(.unknownHost) }
        site = found
        if !found.denied.isEmpty, found.denied.contains(facts.client) {
            throw .refused(.forbidden)
        }
        if !client.covers(host: request[request.host]) { throw .refused(.misdirected) }
        return found
    }

    /// RFC 9110 §4.2.1: a URI of this scheme with an empty host is invalid. Only HTTP/1.0 may leave
    /// it out.
    func judgeHost() throws(ExchangeFault) {
        if request.authority.isEmpty, request.version != .http10 {
            throw .refused(.malformed(status: 400))
        }
    }

    /// TRACE and CONNECT never come this far, and PURGE and BAN go a way of their own.
    func judgeMethod() throws(ExchangeFault) {
        if request.version != .http10, request.fields.contains(.expect), !expectsContinue {
            throw .refused(.expectationFailed)
        }
    }

    private var expectsContinue: Bool {
        let request = request
        return request.fields.list(.expect, contains: "100-continue")
            && request.fields.lines.count { $0.name == .expect } == 1
            && request[request.fields.range(of: .expect)].trimmingOWS
                .equalsFolded("100-continue")
    }

    /// First match wins; what a route leaves out comes from the site.
    func route(within site: Site) throws(ExchangeFault) -> Route {
        let request = request
        let route = site.route(path: request[request.path])
        if let allowed = route.allow, !allowed.contains(facts.client) {
            throw .refused(.forbidden)
        }
        return route
    }

    /// Where a request on a plain listener is sent when the site speaks HTTPS only.
    /// HTTP/1.0 may come without a host; then there is no place to send it to.
    func redirection(of site: Site) throws(ExchangeFault) -> [UInt8]? {
        guard site.redirectsToHTTPS, Forwarding.scheme(of: request, facts) == .http else {
            return nil
        }
        let request = request
        if request.host.isEmpty { throw .refused(.malformed(status: 400)) }
        var location = Buffer()
        location.append("https://")
        location.append(request[request.host])
        if let port = policy.httpsPort, port != 443 {
            location.append(":")
            location.append(decimal: UInt64(port))
        }
        let target = request[request.pathAndQuery]
        if target.isEmpty || target[0] != 0x2F { location.append("/") }
        location.append(target)
        return location.bytes.array
    }

    /// 308 keeps the method; 301 is what every old client understands for GET and HEAD.
    func redirect(to location: [UInt8]) async throws(ExchangeFault) {
        response.status = request.method == .get || request.method == .head ? 301 : 308
        response.fields.append(.location, location.span)
        try await answer(body: [])
    }
}
