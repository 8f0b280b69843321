internal import PorticoBytes

/// Reads SecLang files to a tree. A fault does not stop it: the next directive is read, so that an
/// author sees all faults at once.
package struct SecLangParser {
    private static let maxDepth = 16
    /// Of one set of rules; the Core Rule Set has some 30. Files that include each other several
    /// times would double at each depth.
    private static let mostFiles = 1024

    private let files: RuleFiles
    private var tree = SecLangTree()
    /// More files were to be included than may be.
    private var isFull = false

    package init(files: RuleFiles) { self.files = files }

    /// The tree of these files, wildcards allowed, in this order.
    package static func parse(_ patterns: [String], files: RuleFiles) -> SecLangTree {
        var parser = SecLangParser(files: files)
        for pattern in patterns {
            let place = SourcePlace(file: pattern, line: 1, column: 1)
            parser.include(pattern, isOptional: false, at: place, depth: 0)
        }
        return parser.tree
    }

    private mutating func include(
        _ pattern: String, isOptional: Bool, at place: SourcePlace, depth: Int
    ) {
        if isFull { return }
        guard depth <= Self.maxDepth else {
            tree.faults.append(SecLangFault(.includedTooDeep, at: place))
            return
        }
        let paths = files.matches(pattern)
        if paths.isEmpty, !isOptional {
            tree.faults.append(SecLangFault(.nothingIncluded(pattern: pattern), at: place))
        }
        for path in paths {
            guard let text = files.contents(path) else {
                if isOptional { continue }
                tree.faults.append(SecLangFault(.unreadable(path: path), at: place))
                continue
            }
            guard tree.files.count < Self.mostFiles else {
                if !isFull {
                    tree.faults.append(
                        SecLangFault(.tooManyFiles(limit: Self.mostFiles), at: place))
                }
                isFull = true
                return
            }
            tree.files.append(path)
            read(text, file: path, depth: depth)
        }
    }

    private mutating func read(_ text: [UInt8], file: String, depth: Int) {
        var lines = LineReader(text, file: file)
        while let line = lines.next() {
            do throws(SecLangFault) {
                try readDirective(line, depth: depth)
            } catch {
                tree.faults.append(error)
            }
        }
    }

    private mutating func readDirective(
        _ line: LogicalLine, depth: Int
    ) throws(SecLangFault) {
        let words = try line.arguments()
        guard let first = words.first else { return }
        let place = first.place(at: 0)
        let name = first.argument.text.lowercased()
        let arguments = words.dropFirst()
        func expect(_ count: ClosedRange<Int>, _ shape: String) throws(SecLangFault) {
            guard count.contains(arguments.count) else {
                throw SecLangFault(.argumentCount(expected: shape), at: place)
            }
        }
        switch name {
        case "include", "includeoptional":
            try expect(1...1, "\(first.argument.text) FILE")
            let path = RuleFiles.resolve(words[1].argument.text, from: line.file)
            include(
                path, isOptional: name == "includeoptional", at: words[1].place(at: 0),
                depth: depth + 1)
        case "secrule":
            try expect(2...3, "SecRule VARIABLES OPERATOR [ACTIONS]")
            let actions: [ActionNode] = words.count > 3 ? try ActionReader.read(words[3]) : []
            tree.directives.append(
                .rule(
                    RuleNode(
                        targets: try TargetReader.read(words[1]),
                        test: try OperatorReader.read(words[2]), actions: actions, place: place)))
        case "secaction":
            try expect(1...1, "SecAction ACTIONS")
            tree.directives.append(
                .rule(
                    RuleNode(
                        targets: [], test: nil, actions: try ActionReader.read(words[1]),
                        place: place)))
        case "secmarker":
            try expect(1...1, "SecMarker NAME")
            tree.directives.append(.marker(name: Self.unquoted(words[1].bytes), place))
        case "secdefaultaction":
            try expect(1...1, "SecDefaultAction ACTIONS")
            tree.directives.append(.defaults(try ActionReader.read(words[1]), place))
        case "secruleremovebyid", "secruleremovebytag", "secruleremovebymsg":
            try expect(1...1024, "\(first.argument.text) and at least one value")
            try readRemoval(name, arguments, place)
        case "secruleupdatetargetbyid", "secruleupdatetargetbytag", "secruleupdatetargetbymsg":
            try expect(2...3, "\(first.argument.text) RULES VARIABLES")
            try readTargetUpdate(name, Array(arguments), place)
        case "secruleupdateactionbyid":
            try expect(2...2, "SecRuleUpdateActionById ID ACTIONS")
            guard let id = Int(words[1].argument.text) else {
                throw SecLangFault(
                    .badValue(found: words[1].argument.text, expected: "a rule id"),
                    at: words[1].place(at: 0))
            }
            tree.directives.append(.actionUpdate(id: id, try ActionReader.read(words[2]), place))
        case "secrulescript":
            throw SecLangFault(
                .unsupported(kind: "directive", name: "SecRuleScript", reason: "there is no Lua"),
                at: place)
        default:
            try readSetting(name, first, Array(arguments), place)
        }
    }

    // MARK: - Removals and updates

    private mutating func readRemoval(
        _ name: String, _ arguments: ArraySlice<RawArgument>, _ place: SourcePlace
    ) throws(SecLangFault) {
        if name == "secruleremovebyid" {
            var ranges: [ClosedRange<Int>] = []
            for argument in arguments { ranges += try Self.ids(argument) }
            tree.directives.append(.removal(RuleRemoval(selection: .ids(ranges)), place))
            return
        }
        for argument in arguments {
            let text = Self.unquoted(argument.bytes)
            let selection: RuleSelection =
                name == "secruleremovebytag" ? .tag(text) : .message(text)
            tree.directives.append(.removal(RuleRemoval(selection: selection), place))
        }
    }

    private mutating func readTargetUpdate(
        _ name: String, _ arguments: [RawArgument], _ place: SourcePlace
    ) throws(SecLangFault) {
        let selection: RuleSelection =
            switch name {
            case "secruleupdatetargetbyid": .ids(try Self.ids(arguments[0]))
            case "secruleupdatetargetbytag": .tag(Self.unquoted(arguments[0].bytes))
            default: .message(Self.unquoted(arguments[0].bytes))
            }
        if arguments.count > 2 {
            throw SecLangFault(
                .unsupported(
                    kind: "argument", name: arguments[2].argument.text,
                    reason: "exclude the old variable and add the new one"),
                at: arguments[2].place(at: 0))
        }
        tree.directives.append(
            .targetUpdate(
                TargetUpdate(
                    selection: selection,
                    targets: try TargetReader.read(arguments[1], separators: [0x7C, 0x2C]),
                    place: place)))
    }

    /// `942100`, `920000-920999`, several separated by commas or blanks.
    static func ids(_ argument: RawArgument) throws(SecLangFault) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for part in argument.bytes.split(whereSeparator: { $0 == 0x2C || $0 == 0x20 }) {
            guard let range = ids(Array(part)) else {
                throw SecLangFault(
                    .badValue(
                        found: Array(part).span.text, expected: "an id or a range such as 100-199"),
                    at: argument.place(at: part.startIndex))
            }
            ranges.append(range)
        }
        if ranges.isEmpty { throw SecLangFault(.missing("a rule id"), at: argument.place(at: 0)) }
        return ranges
    }

    /// One id or range of ids.
    package static func ids(_ text: [UInt8]) -> ClosedRange<Int>? {
        let halves = text.split(
            separator: 0x2D, maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = halves.map { Array($0).span.trimmingOWS.decimal.flatMap(Int.init(exactly:)) }
        guard let lower = numbers[0], let upper = numbers[numbers.count - 1], lower <= upper
        else { return nil }
        return lower...upper
    }

    static func unquoted(_ bytes: [UInt8]) -> [UInt8] {
        bytes.count >= 2 && bytes.first == 0x27 && bytes.last == 0x27
            ? Array(bytes[1..<(bytes.count - 1)]) : bytes
    }

    // MARK: - Settings

    private mutating func readSetting(
        _ name: String, _ word: RawArgument, _ arguments: [RawArgument], _ place: SourcePlace
    ) throws(SecLangFault) {
        let written = word.argument.text
        guard let setting = Setting(rawValue: name) else {
            let nearest = Spelling.nearest(
                to: name,
                among: Setting.allCases.map(\.rawValue) + ["secrule", "secaction", "secmarker"])
            throw SecLangFault(
                .unknown(kind: "directive", name: written, nearest: nearest), at: place)
        }
        switch setting.shape {
        case .none:
            guard arguments.isEmpty else {
                throw SecLangFault(.argumentCount(expected: "\(written) alone"), at: place)
            }
        case .ignored:
            if setting.isWorthAWarning {
                tree.warnings.append(
                    SecLangFault(
                        .unsupported(kind: "directive", name: written, reason: "it has no effect"),
                        at: place))
            }
        case .refused(let reason):
            throw SecLangFault(
                .unsupported(kind: "directive", name: written, reason: reason), at: place)
        case .words:
            guard !arguments.isEmpty else {
                throw SecLangFault(.argumentCount(expected: "\(written) VALUES"), at: place)
            }
        case .number, .word, .oneOf:
            guard arguments.count == 1 else {
                throw SecLangFault(.argumentCount(expected: "\(written) VALUE"), at: place)
            }
            try check(arguments[0], setting.shape)
        }
        tree.directives.append(.setting(setting, arguments.map(\.argument), place))
    }

    private func check(_ argument: RawArgument, _ shape: Setting.Shape) throws(SecLangFault) {
        let text = argument.argument.text
        switch shape {
        case .number where argument.bytes.span.decimal == nil:
            throw SecLangFault(
                .badValue(found: text, expected: "a number"), at: argument.place(at: 0))
        case .oneOf(let values) where !values.contains(text.lowercased()):
            throw SecLangFault(
                .badValue(found: text, expected: values.joined(separator: " | ")),
                at: argument.place(at: 0))
        default: break
        }
    }
}
