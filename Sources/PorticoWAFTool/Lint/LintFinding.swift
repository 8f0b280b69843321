package import PorticoSecLang

/// Something about rules that their author should know.
package struct LintFinding: Sendable, Equatable {
    package enum Weight: String, Sendable {
        /// The rules do not load.
        case error
        case warning
        /// Worth knowing, and no mistake in itself.
        case note
    }

    /// For programs, and for authors who look it up in docs/WAF.md.
    package enum Kind: String, Sendable, CaseIterable {
        case broken, ignored
        case unreachableSkip = "unreachable-skip"
        case deadRule = "dead-rule"
        case neverSet = "never-set"
        case neverMatches = "never-matches"
        case noSuchRule = "no-such-rule"
        case slowPattern = "slow-pattern"
        case unusedMarker = "unused-marker"
    }

    package let kind: Kind
    package let weight: Weight
    package let place: SourcePlace
    package let message: String

    init(_ kind: Kind, _ weight: Weight, at place: SourcePlace, _ message: String) {
        self.kind = kind
        self.weight = weight
        self.place = place
        self.message = message
    }

    /// `rules/main.conf:12:8: warning: …`, as compilers say it.
    package var sentence: String {
        "\(place.file):\(place.line):\(place.column): \(weight.rawValue): \(message) "
            + "[\(kind.rawValue)]"
    }
}
