internal import PorticoBytes
internal import PorticoHTTP

extension Exchange {
    /// Answers with an error page; or, when an answer has begun or nobody is left to read one,
    /// makes the cut visible.
    func refuse(because fault: ExchangeFault) async {
        record.fault = fault
        guard !hasAnswered, let status = fault.status else { return client.cut() }
        response = ResponseHead(status: status)
        let request = request
        let accept = request[request.fields.range(of: .accept)]
        let page = withID { ErrorPage.make(status: status, requestID: $0, accept: accept) }
        response.fields.append(.contentType, page.contentType)
        response.fields.append(.cacheControl, "no-store")
        if status == 503 { response.fields.append(.retryAfter, "\(record.retryAfter)") }
        if let refusal = record.rateRefusal { addFields(of: refusal) }
        switch fault {
        case .refused(.methodNotAllowed), .refused(.purge(status: 405)):
            response.fields.append(.allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        case .refused(.blocked(_, let location)) where !location.isEmpty:
            response.fields.append(.location, location.span)
        case .client:
            // Where the next request would begin, nobody can tell.
            client.endAfterResponse()
        default: break
        }
        do throws(ExchangeFault) {
            try await answer(body: page.body)
        } catch {
            client.cut()
        }
    }
}
