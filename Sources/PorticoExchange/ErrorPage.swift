internal import PorticoBytes
internal import PorticoHTTP

/// Portico's own error answers: a status, a request id, no internals.
package enum ErrorPage {
    package struct Page: Sendable {
        package let contentType: StaticString
        package let body: [UInt8]
    }

    /// JSON for clients that ask for it, HTML for all others.
    package static func make(
        status: UInt16, requestID: Span<UInt8>, accept: Span<UInt8>
    ) -> Page {
        let phrase = StatusPhrase.of(status)
        var body = Buffer()
        if prefersJSON(accept) {
            body.append("{\"status\":")
            body.append(decimal: UInt64(status))
            body.append(",\"title\":\"")
            body.append(phrase)
            body.append("\",\"request_id\":\"")
            body.append(requestID)
            body.append("\"}\n")
            return Page(contentType: "application/json", body: body.bytes.array)
        }
        body.append("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">")
        body.append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
        body.append("<title>")
        body.append(decimal: UInt64(status))
        body.append(" ")
        body.append(phrase)
        body.append("</title>\n<style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;")
        body.append("max-width:32em;padding:0 1em}small{color:#666}</style>\n<h1>")
        body.append(phrase)
        body.append("</h1>\n<p>")
        body.append(advice(status))
        body.append("</p>\n<p><small>")
        body.append(decimal: UInt64(status))
        body.append(" · request ")
        body.append(requestID)
        body.append("</small></p>\n</html>\n")
        return Page(contentType: "text/html; charset=utf-8", body: body.bytes.array)
    }

    /// Whether JSON is named, and HTML is not named before it.
    private static func prefersJSON(_ accept: Span<UInt8>) -> Bool {
        var start = 0
        while start < accept.count {
            let end = accept.firstIndex(of: 0x2C, from: start) ?? accept.count
            let member = accept.extracting(start..<end)
            let type = member.extracting(0..<(member.firstIndex(of: 0x3B) ?? member.count))
                .trimmingOWS
            let isJSON =
                type.equalsFolded("application/json")
                || type.equalsFolded("application/problem+json")
            if isJSON { return true }
            if type.equalsFolded("text/html") { return false }
            start = end + 1
        }
        return false
    }

    private static func advice(_ status: UInt16) -> StaticString {
        switch status {
        case 400...403, 405, 417, 421: "The request could not be accepted."
        case 404: "Nothing is served under this name."
        case 408: "The request took too long to arrive."
        case 413, 414, 431: "The request is too large."
        case 429, 503: "Please try again in a moment."
        default: "The shop did not answer as it should. Please try again in a moment."
        }
    }
}
