/// Something that a request carries under a name, as settings write it: `header:NAME` or
/// `cookie:NAME`.
package enum NamedValue: Hashable, Sendable {
    /// A request field; the name as it was written.
    case header(String)
    case cookie(String)

    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[colon...].dropFirst())
        guard isToken(name) else { return nil }
        switch text[..<colon] {
        case "header": self = .header(name)
        case "cookie": self = .cookie(name)
        default: return nil
        }
    }
}
