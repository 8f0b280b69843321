/// What stands behind `@` in a rule.
package enum OperatorName: UInt8, CaseIterable, Sendable {
    case beginsWith, contains, containsWord, detectSQLi, detectXSS, endsWith, eq, ge, geoLookup, gt
    case ipMatch, ipMatchFromFile, le, lt, noMatch, pm, pmFromFile, rbl, rx, streq, strmatch
    case unconditionalMatch, validateByteRange, validateUrlEncoding, validateUtf8Encoding
    case verifyCC, verifyCPF, verifySSN, within

    /// By its name in SecLang, whatever its case.
    package init?(named name: String) {
        guard let found = Self.names[name.lowercased()] else { return nil }
        self = found
    }

    /// As SecLang writes it.
    package var name: String { "\(self)" }

    /// Whether the operand may hold macros that are expanded anew for each value. Names of files
    /// and tables of bytes are read when the rules are.
    package var takesMacros: Bool {
        switch self {
        case .beginsWith, .contains, .containsWord, .endsWith, .eq, .ge, .gt, .ipMatch, .le, .lt,
            .pm, .rx, .streq, .strmatch, .within:
            true
        default: false
        }
    }

    /// Whether it is read and then never matches: `@rbl` would hold up each request to ask over DNS,
    /// and `@geoLookup` has no table of countries to ask. Worth a warning when rules are loaded.
    package var isInert: Bool { self == .rbl || self == .geoLookup }

    private static let names: [String: OperatorName] = {
        var names = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name.lowercased(), $0) })
        names["pmf"] = .pmFromFile
        names["ipmatchf"] = .ipMatchFromFile
        return names
    }()
}
