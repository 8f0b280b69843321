/// Something in a settings file that its reader has to change.
package struct SettingsFault: Error, Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// The text is no TOML.
        case syntax(reason: String)
        case unknownKey(nearest: String?, known: [String])
        case missingKey(expected: String)
        /// Another TOML type than the key takes.
        case wrongType(expected: String, found: String)
        /// The right type, but not of the form that the key takes.
        case malformed(expected: String, found: String)
        case outOfRange(found: String, allowed: String)
        case notOneOf(allowed: [String], found: String, nearest: String?)
        /// `${NAME}` without a default, and the environment has no such name.
        case missingEnvironment(name: String)
        /// The name of something that the file does not define; `of` says what, as in "origin pool".
        case unknownName(of: String, found: String, known: [String], nearest: String?)
        /// What may stand once stands a second time.
        case duplicate(found: String, firstLine: Int)
        /// Two settings that exclude each other, or one that lacks its companion.
        case conflict(String)
    }

    package let kind: Kind
    /// Where in the tree: `origins.shop.nodes[1]`, counted from zero; empty for the whole file.
    package let key: String
    package let file: String
    /// Counted from 1; the column in Unicode scalars. Those of the key if the key is the trouble,
    /// else those of the value.
    package let line: Int, column: Int

    package init(_ kind: Kind, key: String, file: String, line: Int, column: Int) {
        self.kind = kind
        self.key = key
        self.file = file
        self.line = line
        self.column = column
    }
}

/// All that is wrong with a file, in the order of its lines; never empty.
package struct SettingsFaults: Error, Equatable, Sendable {
    package let faults: [SettingsFault]
}

// MARK: - Sentences

extension SettingsFault: CustomStringConvertible {
    /// `file:line:column: key: what was found; what is allowed; did you mean …?`
    package var description: String {
        "\(file):\(line):\(column): \(key.isEmpty ? "" : "\(key): ")\(sentence)"
    }

    /// Without the place.
    package var sentence: String {
        switch kind {
        case .syntax(let reason):
            "not valid TOML: \(reason)"
        case .unknownKey(let nearest, let known):
            "no such key\(Self.hint(nearest, else: "allowed are \(Self.list(known))"))"
        case .missingKey(let expected):
            "is missing; it takes \(expected)"
        case .wrongType(let expected, let found):
            "found \(found); it takes \(expected)"
        case .malformed(let expected, let found):
            "found \(Self.quoted(found)); it takes \(expected)"
        case .outOfRange(let found, let allowed):
            "found \(found); allowed is \(allowed)"
        case .notOneOf(let allowed, let found, let nearest):
            "found \(Self.quoted(found)); allowed are "
                + allowed.map(Self.quoted).joined(separator: ", ") + Self.hint(nearest)
        case .missingEnvironment(let name):
            "the environment has no \(name); set it, or write ${\(name):-default}"
        case .unknownName(let subject, let found, let known, let nearest):
            "there is no \(subject) \(Self.quoted(found)); "
                + (known.isEmpty
                    ? "none is defined"
                    : "defined are \(known.map(Self.quoted).joined(separator: ", "))")
                + Self.hint(nearest)
        case .duplicate(let found, let firstLine):
            "\(Self.quoted(found)) stands already in line \(firstLine); it may stand once"
        case .conflict(let reason):
            reason
        }
    }

    private static func hint(_ nearest: String?, else other: String? = nil) -> String {
        if let nearest { return "; did you mean \(quoted(nearest))?" }
        return other.map { "; \($0)" } ?? ""
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}
