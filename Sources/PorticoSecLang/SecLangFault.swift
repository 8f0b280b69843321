/// Where something stands in a rule file; line and column count from 1, the column in bytes.
package struct SourcePlace: Hashable, Sendable {
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// What keeps a rule file from being loaded. Always the rule author's; the file has to change.
package struct SecLangFault: Error, Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// A file that cannot be read.
        case unreadable(path: String)
        /// An Include whose pattern names no file.
        case nothingIncluded(pattern: String)
        /// A file that includes itself, by however many steps.
        case includedTooDeep
        /// More files than a set of rules may have.
        case tooManyFiles(limit: Int)
        case unterminated(String)
        /// A name of this kind ("directive", "operator" …) that nobody knows.
        case unknown(kind: String, name: String, nearest: String?)
        /// Known, and not offered here.
        case unsupported(kind: String, name: String, reason: String)
        case argumentCount(expected: String)
        case badValue(found: String, expected: String)
        case misplaced(String, expected: String)
        case missing(String)
        case duplicateID(Int, first: SourcePlace)
        /// A directive that may stand once.
        case repeated(String, first: SourcePlace)
        /// A pattern that does not compile; the offset counts its bytes.
        case pattern(message: String, offset: Int)
    }

    package let kind: Kind
    package let place: SourcePlace

    package init(_ kind: Kind, at place: SourcePlace) {
        self.kind = kind
        self.place = place
    }

    /// `rules/main.conf:12:8: unknown operator "@xr": did you mean "rx"?`
    package var sentence: String {
        "\(place.file):\(place.line):\(place.column): \(kind.sentence)"
    }
}

extension SecLangFault.Kind {
    package var sentence: String {
        switch self {
        case .unreadable(let path): return "cannot read \"\(path)\""
        case .nothingIncluded(let pattern):
            return "no file is named by \"\(pattern)\"; IncludeOptional allows that"
        case .includedTooDeep: return "a file that includes itself"
        case .tooManyFiles(let limit): return "more than \(limit) files are included"
        case .unterminated(let what): return "\(what) has no end"
        case .unknown(let kind, let name, let nearest):
            let hint = nearest.map { ": did you mean \"\($0)\"?" } ?? ""
            return "unknown \(kind) \"\(name)\"\(hint)"
        case .unsupported(let kind, let name, let reason):
            return "\(kind) \"\(name)\" is not supported: \(reason)"
        case .argumentCount(let expected): return "expected \(expected)"
        case .badValue(let found, let expected): return "expected \(expected), found \"\(found)\""
        case .misplaced(let what, let expected): return "\(what) cannot stand here: \(expected)"
        case .missing(let what): return "\(what) is missing"
        case .duplicateID(let id, let first):
            return "rule id \(id) is taken by \(first.file):\(first.line)"
        case .repeated(let what, let first):
            return "\(what) stands already at \(first.file):\(first.line)"
        case .pattern(let message, let offset):
            return "pattern does not compile at byte \(offset): \(message)"
        }
    }
}

/// The known name that a misspelt one was probably meant to be.
package enum Spelling {
    /// Both in lower case. Nil if none is within a third of the name's length.
    package static func nearest(to name: String, among known: some Sequence<String>) -> String? {
        let wanted = Array(name.utf8.prefix(64))
        var best: (String, Int)?
        for candidate in known {
            let other = Array(candidate.utf8)
            if abs(other.count - wanted.count) > 3 { continue }
            let distance = distance(wanted, other)
            if distance < best?.1 ?? max(2, wanted.count / 3 + 1) { best = (candidate, distance) }
        }
        return best?.0
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (byte == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
