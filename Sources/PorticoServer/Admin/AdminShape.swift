internal import PorticoBytes

/// In whose words an answer is: each vendor's clients read their own.
enum AdminShape {
    case own, fastly, cloudflare
}

extension AdminAnswer {
    static func refusal(
        _ status: UInt16, _ message: String, in shape: AdminShape
    ) -> AdminAnswer {
        var body = Buffer()
        switch shape {
        case .own: return .problem(status, detail: message)
        case .fastly:
            let short =
                switch status {
                // The words that the official clients know.
                case 401: "Provided credentials are missing or invalid"
                case 403: "You are not authorized to perform this action"
                default: message
                }
            // Magento's module reads `detail`.
            body.append("{\"status\":\"error\",\"msg\":")
            body.append(json: Array(short.utf8).span)
            body.append(",\"detail\":")
            body.append(json: Array(message.utf8).span)
            body.append("}")
        case .cloudflare:
            body.append(
                "{\"success\":false,\"errors\":[{\"code\":\(1000 + Int(status)),\"message\":")
            body.append(json: Array(message.utf8).span)
            body.append("}],\"messages\":[],\"result\":null}")
        }
        return .json(body, status: status)
    }
}
