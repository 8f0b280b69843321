internal import CPorticoOpenSSL
internal import PorticoBytes

/// The hosts for which a certificate speaks (RFC 6125 §6.4, RFC 9525 §6).
package struct CertificateNames: Equatable, Sendable {
    /// In lower case.
    package private(set) var exact: Set<String> = []
    /// What follows the first label, with its dot: `.example.com` for `*.example.com`.
    package private(set) var wildcards: Set<String> = []
    /// 4 or 16 bytes each.
    package private(set) var addresses: Set<[UInt8]> = []

    package var isEmpty: Bool { exact.isEmpty && wildcards.isEmpty && addresses.isEmpty }

    /// What cannot be a host name is left out.
    mutating func add(dns name: String) {
        guard let name = Self.folded(name) else { return }
        if name.hasPrefix("*.") {
            let rest = String(name.dropFirst())
            // A star stands for one whole label, and only for the first.
            if rest.count > 1 && !rest.contains("*") { wildcards.insert(rest) }
        } else if !name.contains("*") {
            exact.insert(name)
        }
    }

    mutating func add(address: [UInt8]) {
        if address.count == 4 || address.count == 16 { addresses.insert(address) }
    }

    /// Whether `host`, as a Host field names it (without the port; IPv6 in brackets or not), is
    /// among the names.
    package func covers(_ host: Span<UInt8>) -> Bool {
        var text = host.text
        if text.hasPrefix("[") && text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
        if let address = Self.address(text) { return addresses.contains(address) }
        guard let name = Self.folded(text) else { return false }
        return exact.contains(name) || Self.wildcard(over: name).map(wildcards.contains) == true
    }

    /// In lower case and without the dot at the end; nil for what is empty or not ASCII.
    static func folded(_ name: String) -> String? {
        var name = name.utf8.contains { $0 >= 0x80 } ? "" : name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        return name.isEmpty || name.utf8.contains(0) ? nil : name
    }

    /// The wildcard that would cover the name: what stands after the first label.
    static func wildcard(over name: String) -> String? {
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return nil }
        return String(name[dot...])
    }

    static func address(_ text: String) -> [UInt8]? {
        guard text.utf8.allSatisfy({ $0 != 0 && $0 < 0x80 }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        // SAFETY: the shim writes at most 16 bytes.
        let count = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            unsafe portico_address_parse(text, bytes.baseAddress!)
        }
        return count == 0 ? nil : Array(bytes.prefix(count))
    }
}
