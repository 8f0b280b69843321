internal import PorticoBytes
internal import PorticoSettings

/// The hosts of a site as settings write them.
package enum HostPattern {
    static let expected =
        "a host such as \"shop.example\", \"*.shop.example\" or \"*\", without port"

    /// The pattern in lower case; nil for what is neither a host, nor `*.` before one, nor `*`.
    /// An address is a host too, version 6 in brackets, as in a Host field.
    package static func normalised(_ text: String) -> String? {
        if text == "*" { return text }
        let lower = text.lowercased()
        if lower.hasPrefix("[") && lower.hasSuffix("]") {
            return IPAddress(String(lower.dropFirst().dropLast()))
                .flatMap { $0.isV4 ? nil : "[\($0)]" }
        }
        if IPAddress(lower)?.isV4 == true { return lower }
        let name = lower.hasPrefix("*.") ? String(lower.dropFirst(2)) : lower
        return isHostName(name) ? lower : nil
    }
}
