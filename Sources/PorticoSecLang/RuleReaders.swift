internal import PorticoBytes

/// Reads `ARGS|!ARGS:token|&REQUEST_HEADERS:Host|TX:/^re/`.
enum TargetReader {
    static func read(
        _ argument: RawArgument, separators: [UInt8] = [0x7C]
    ) throws(SecLangFault) -> [TargetNode] {
        let bytes = argument.bytes
        var targets: [TargetNode] = []
        var index = 0
        repeat {
            while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
            targets.append(try target(argument, &index, separators))
            while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
            guard index < bytes.count else { return targets }
            guard separators.contains(bytes[index]) else {
                throw SecLangFault(
                    .badValue(
                        found: [bytes[index]].span.text, expected: "\"|\" between variables"),
                    at: argument.place(at: index))
            }
            index += 1
        } while true
    }

    /// One target without anything behind it: what a ctl action names.
    package static func read(single bytes: [UInt8], at place: SourcePlace) -> TargetNode? {
        var line = LogicalLine(file: place.file)
        line.append(bytes[...], number: place.line)
        let argument = RawArgument(
            bytes: bytes, offsets: Array(bytes.indices), start: 0, line: line)
        var index = 0
        guard let node = try? target(argument, &index, []), index == bytes.count else {
            return nil
        }
        return TargetNode(use: node.use, name: node.name, selector: node.selector, place: place)
    }

    private static func target(
        _ argument: RawArgument, _ index: inout Int, _ separators: [UInt8]
    ) throws(SecLangFault) -> TargetNode {
        let bytes = argument.bytes
        let start = index
        var use = TargetNode.Use.value
        if index < bytes.count, bytes[index] == 0x21 || bytes[index] == 0x26 {
            use = bytes[index] == 0x21 ? .exclusion : .count
            index += 1
        }
        let nameStart = index
        while index < bytes.count,
            ASCII.isLetter(bytes[index]) || ASCII.isDigit(bytes[index])
                || bytes[index] == 0x5F
        {
            index += 1
        }
        guard index > nameStart else {
            throw SecLangFault(.missing("a variable's name"), at: argument.place(at: index))
        }
        let name = Array(bytes[nameStart..<index]).span.text.lowercased()
        var selector: TargetNode.Selector?
        if index < bytes.count, bytes[index] == 0x3A {
            index += 1
            selector = try self.selector(argument, &index, separators, isXPath: name == "xml")
        }
        return TargetNode(
            use: use, name: name, selector: selector, place: argument.place(at: start))
    }

    private static func selector(
        _ argument: RawArgument, _ index: inout Int, _ separators: [UInt8], isXPath: Bool
    ) throws(SecLangFault) -> TargetNode.Selector {
        let bytes = argument.bytes
        let start = index
        let isQuoted = index < bytes.count && bytes[index] == 0x27
        if isQuoted { index += 1 }
        if !isXPath, index < bytes.count, bytes[index] == 0x2F {
            index += 1
            var pattern: [UInt8] = []
            while index < bytes.count {
                if bytes[index] == 0x2F {
                    // The closing slash stands before a separator; others belong to the pattern.
                    var next = index + 1
                    if isQuoted, next < bytes.count, bytes[next] == 0x27 { next += 1 }
                    if next == bytes.count || separators.contains(bytes[next])
                        || bytes[next] == 0x20
                    {
                        index = next
                        return .pattern(pattern)
                    }
                }
                if bytes[index] == 0x5C, index + 1 < bytes.count {
                    pattern.append(bytes[index])
                    index += 1
                }
                pattern.append(bytes[index])
                index += 1
            }
            throw SecLangFault(
                .unterminated("a pattern between slashes"), at: argument.place(at: start))
        }
        var key: [UInt8] = []
        while index < bytes.count {
            if isQuoted {
                if bytes[index] == 0x27 {
                    index += 1
                    return .key(key)
                }
            } else if separators.contains(bytes[index]) || bytes[index] == 0x20 {
                break
            }
            key.append(bytes[index])
            index += 1
        }
        if isQuoted {
            throw SecLangFault(.unterminated("a quoted key"), at: argument.place(at: start))
        }
        guard !key.isEmpty else {
            throw SecLangFault(.missing("a key behind \":\""), at: argument.place(at: start))
        }
        return .key(key)
    }
}

/// Reads `[!]@name[ operand]`; without `@` it is `@rx`.
enum OperatorReader {
    static func read(_ argument: RawArgument) throws(SecLangFault) -> OperatorNode {
        let bytes = argument.bytes
        var index = 0
        while index < bytes.count, bytes[index] == 0x20 { index += 1 }
        var isNegated = false
        var nameStart = index
        if index < bytes.count, bytes[index] == 0x21 {
            isNegated = true
            nameStart += 1
            while nameStart < bytes.count, bytes[nameStart] == 0x20 { nameStart += 1 }
        }
        guard nameStart < bytes.count, bytes[nameStart] == 0x40 else {
            // A pattern on its own; "!" inverts it as well.
            let start = isNegated ? index + 1 : index
            return OperatorNode(
                isNegated: isNegated, name: "rx", operand: Array(bytes[min(start, bytes.count)...]),
                place: argument.place(at: 0), operandPlace: argument.place(at: start))
        }
        let start = nameStart + 1
        var end = start
        while end < bytes.count, bytes[end] != 0x20, bytes[end] != 0x09 { end += 1 }
        guard end > start else {
            throw SecLangFault(
                .missing("an operator's name"), at: argument.place(at: nameStart))
        }
        let operandStart = min(end + 1, bytes.count)
        return OperatorNode(
            isNegated: isNegated, name: Array(bytes[start..<end]).span.text.lowercased(),
            operand: Array(bytes[operandStart...]), place: argument.place(at: nameStart),
            operandPlace: argument.place(at: operandStart))
    }
}

/// Reads `id:1,phase:2,t:none,msg:'a, b',setvar:'tx.a=1'`.
enum ActionReader {
    static func read(_ argument: RawArgument) throws(SecLangFault) -> [ActionNode] {
        let bytes = argument.bytes
        var actions: [ActionNode] = []
        var index = 0
        while true {
            skipBlanks(bytes, &index)
            guard index < bytes.count else { return actions }
            if bytes[index] == 0x2C {
                index += 1
                continue
            }
            let start = index
            while index < bytes.count, bytes[index] != 0x2C, bytes[index] != 0x3A,
                bytes[index] != 0x3D
            {
                index += 1
            }
            let name = Array(bytes[start..<index]).span.trimmingOWS.text.lowercased()
            guard !name.isEmpty else {
                throw SecLangFault(.missing("an action's name"), at: argument.place(at: start))
            }
            var value: [UInt8]?
            if index < bytes.count, bytes[index] != 0x2C {
                index += 1
                value = try self.value(argument, &index)
            }
            actions.append(ActionNode(name: name, value: value, place: argument.place(at: start)))
        }
    }

    private static func value(
        _ argument: RawArgument, _ index: inout Int
    ) throws(SecLangFault) -> [UInt8] {
        let bytes = argument.bytes
        skipBlanks(bytes, &index)
        var value: [UInt8] = []
        guard index < bytes.count, bytes[index] == 0x27 else {
            while index < bytes.count, bytes[index] != 0x2C {
                value.append(bytes[index])
                index += 1
            }
            while value.last == 0x20 || value.last == 0x09 { value.removeLast() }
            return value
        }
        let opening = index
        index += 1
        while index < bytes.count, bytes[index] != 0x27 {
            if bytes[index] == 0x5C, index + 1 < bytes.count, bytes[index + 1] == 0x27 {
                index += 1
            }
            value.append(bytes[index])
            index += 1
        }
        guard index < bytes.count else {
            throw SecLangFault(
                .unterminated("a value in single quotes"), at: argument.place(at: opening))
        }
        index += 1
        skipBlanks(bytes, &index)
        guard index == bytes.count || bytes[index] == 0x2C else {
            throw SecLangFault(
                .badValue(
                    found: [bytes[index]].span.text, expected: "\",\" behind a quoted value"),
                at: argument.place(at: index))
        }
        return value
    }

    private static func skipBlanks(_ bytes: [UInt8], _ index: inout Int) {
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    }
}

extension TargetNode {
    /// The target that a `ctl` action or a setting names on its own; nil if it is none.
    package init?(_ text: [UInt8], at place: SourcePlace) {
        guard let node = TargetReader.read(single: text, at: place) else { return nil }
        self = node
    }
}
