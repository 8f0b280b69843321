package import PorticoBytes
package import PorticoSettings

/// `[admin]`: who may look and change things at run time.
package struct AdminSettings: Equatable, Sendable {
    /// Where the admin API and the dashboard listen.
    package var address = SocketAddress(IPAddress(v4: 0x7F00_0001), port: 8081)
    /// With the certificates of `[tls]`.
    package var tls = false
    /// Who may send PURGE and BAN to the data ports, by client address.
    package var purgeFrom: NetworkList
    package var tokens: [AdminTokenSettings] = []

    package init() {
        let loopback = IPAddress(v4: 0x7F00_0000)
        purgeFrom = NetworkList([
            Network(loopback, prefix: 8), Network(IPAddress(high: 0, low: 1)),
        ])
    }

    package init(from section: inout Section) {
        self.init()
        section.read(
            "address", into: &address,
            expected: "an IP address with a port, such as \"127.0.0.1:8081\"", SocketAddress.init)
        section.read("tls", into: &tls)
        section.read("purge_from", into: &purgeFrom)
        var lines: [String: Int] = [:]
        for var token in section.sections("token") {
            let settings = AdminTokenSettings(from: &token)
            tokens.append(settings)
            if settings.name.isEmpty { continue }
            if let line = lines[settings.name] {
                token.report(.duplicate(found: settings.name, firstLine: line), at: "name")
            }
            lines[settings.name] = token.line(of: "name")
        }
        section.finish()
    }
}

/// `[[admin.token]]`: a secret that opens part of the admin API, known by its digest only.
package struct AdminTokenSettings: Equatable, Sendable {
    /// What the audit log calls it.
    package var name = ""
    /// SHA-256 of the secret, 32 bytes.
    package var digest: [UInt8] = []
    /// Service ids or hosts of the sites that it may purge; none named: all.
    package var sites: [String] = []
    package var scopes = AdminScopes.purge

    package init() {}

    package init(from section: inout Section) {
        section.require("name", expected: "a name for the audit log")
        section.require("sha256", expected: "the SHA-256 of the secret in 64 hexadecimal digits")
        section.read("name", into: &name)
        let digest: [UInt8]? = section.value("sha256")?.parsed(
            expected: "the SHA-256 of the secret in 64 hexadecimal digits", Self.digest)
        if let digest { self.digest = digest }
        section.read("sites", into: &sites)
        if let found = section.value("scopes")?.elements({ $0.choice(AdminScopeName.self) }) {
            scopes = found.reduce(into: []) { $0.formUnion($1.scopes) }
        }
        section.finish()
    }

    private static func digest(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap(ASCII.hexadecimalValue)
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// What a token may do.
package struct AdminScopes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Purge by key, URL or pattern.
    package static let purgeSelect = AdminScopes(rawValue: 1)
    /// Purge everything of a site.
    package static let purgeAll = AdminScopes(rawValue: 2)
    package static let read = AdminScopes(rawValue: 4)
    /// Drain, enable and disable nodes.
    package static let origins = AdminScopes(rawValue: 8)
    /// Reload.
    package static let config = AdminScopes(rawValue: 16)

    package static let purge: AdminScopes = [.purgeSelect, .purgeAll]
    package static let admin: AdminScopes = [.purge, .read, .origins, .config]
}

/// The words for scopes in settings.
package enum AdminScopeName: String, CaseIterable, Sendable {
    case purge, read, origins, config, admin
    case purgeSelect = "purge_select"
    case purgeAll = "purge_all"

    package var scopes: AdminScopes {
        switch self {
        case .purge: .purge
        case .purgeSelect: .purgeSelect
        case .purgeAll: .purgeAll
        case .read: .read
        case .origins: .origins
        case .config: .config
        case .admin: .admin
        }
    }
}
