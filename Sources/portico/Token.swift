import ArgumentParser
import PorticoServer
import PorticoTLS

struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make tokens for the admin API.", subcommands: [New.self])

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token: prints the secret once, and the block for config.toml.")

        @Option(help: "What the audit log calls it.")
        var name: String

        @Option(
            parsing: .upToNextOption,
            help: ArgumentHelp(
                "What it may do: \(AdminScopeName.allCases.map(\.rawValue).joined(separator: ", ")).",
                valueName: "scope"))
        var scope: [String] = ["purge"]

        @Option(
            parsing: .upToNextOption,
            help: ArgumentHelp(
                "Service ids or hosts of the sites that it may purge; none: all.",
                valueName: "site"))
        var site: [String] = []

        func validate() throws {
            for word in scope where AdminScopeName(rawValue: word) == nil {
                throw ValidationError("\(word) is no scope.")
            }
            let isPlain = name.utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }
            if name.isEmpty || !isPlain {
                throw ValidationError("A name is made of printable ASCII without quotes.")
            }
        }

        func run() {
            let secret = Digest.hex(SecureRandom.bytes(32).span)
            let digest = Digest.hex(Digest.sha256(Array(secret.utf8).span).span)
            Terminal.say(
                """
                # The secret, shown once; clients send it as "Fastly-Key: …" or "Authorization: Bearer …":
                # \(secret)

                [[admin.token]]
                name = "\(name)"
                sha256 = "\(digest)"
                scopes = \(list(scope))
                """)
            if !site.isEmpty { Terminal.say("sites = \(list(site))") }
        }

        private func list(_ words: [String]) -> String {
            "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        }
    }
}
