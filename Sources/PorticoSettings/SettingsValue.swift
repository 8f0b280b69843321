package import PorticoBytes

/// One value of a settings file, not yet asked what it is.
///
/// Each question answers with the value, or reports the fault with its place and answers nil.
package struct SettingsValue {
    let node: Node
    /// As faults name it: `origins.shop.nodes[1]`.
    package let key: String
    let reading: Reading

    package var line: Int { node.line }

    package func report(_ kind: SettingsFault.Kind) {
        reading.report(kind, key: key, line: node.line, column: node.column)
    }

    private func reportType(_ expected: String) {
        report(.wrongType(expected: expected, found: node.noun))
    }

    package func boolean() -> Bool? {
        guard case .boolean(let value) = node.content else {
            reportType("true or false")
            return nil
        }
        return value
    }

    package func integer(within range: ClosedRange<Int>) -> Int? {
        guard case .integer(let value) = node.content else {
            reportType("a whole number \(Self.text(range))")
            return nil
        }
        return checked(Int(value), within: range)
    }

    /// Text, with `${NAME}` and `${NAME:-default}` replaced from the environment.
    package func string() -> String? { string(expected: "a string") }

    private func string(expected: String) -> String? {
        guard case .string(let text) = node.content else {
            reportType(expected)
            return nil
        }
        switch substitute(text, from: reading.environment) {
        case .success(let text): return text
        case .failure(let fault):
            report(fault.kind)
            return nil
        }
    }

    /// Text that `parse` makes something of; `expected` completes "it takes …".
    package func parsed<Value>(expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = string(expected: expected) else { return nil }
        if let value = parse(text) { return value }
        report(.malformed(expected: expected, found: text))
        return nil
    }

    package func choice<Choice>(
        _ type: Choice.Type = Choice.self
    ) -> Choice? where Choice: RawRepresentable<String> & CaseIterable {
        let allowed = Choice.allCases.map(\.rawValue)
        let expected = "one of \(allowed.map { "\"\($0)\"" }.joined(separator: ", "))"
        guard let text = string(expected: expected) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        report(
            .notOneOf(allowed: allowed, found: text, nearest: nearest(to: text, among: allowed)))
        return nil
    }

    package func duration(within range: ClosedRange<Duration>) -> Duration? {
        let value = parsed(
            expected: "a duration such as \"250ms\", \"2s\", \"5m\", \"1h\" or \"1d\"",
            Quantity.duration)
        guard let value else { return nil }
        if range.contains(value) { return value }
        report(
            .outOfRange(
                found: Quantity.text(value),
                allowed: "\(Quantity.text(range.lowerBound)) to "
                    + "\(Quantity.text(range.upperBound))"))
        return nil
    }

    /// A size, also as a number of bytes without quotes.
    package func size(within range: ClosedRange<ByteCount>) -> ByteCount? {
        let expected = "a size such as \"64KiB\", \"10GB\" or \"0\""
        let value: ByteCount?
        if case .integer(let bytes) = node.content {
            value = ByteCount(Int(bytes))
        } else {
            value = parsed(expected: expected, Quantity.size)
        }
        guard let value else { return nil }
        if range.contains(value) { return value }
        report(
            .outOfRange(
                found: "\(value)",
                allowed: range.upperBound.bytes == .max
                    ? "\(range.lowerBound) and more"
                    : "\(range.lowerBound) to \(range.upperBound)"))
        return nil
    }

    /// A count, as a number or with a unit of thousands in quotes.
    package func count(within range: ClosedRange<Int>) -> Int? {
        if case .integer = node.content { return integer(within: range) }
        return parsed(expected: "a count such as 5000 or \"100M\"", Quantity.count)
            .flatMap { checked($0, within: range) }
    }

    package func rate() -> Rate? {
        parsed(expected: "a rate such as \"10/s\", \"600/m\" or \"1000/h\"", Quantity.rate)
    }

    /// A path; a relative one is relative to the settings file.
    package func path() -> String? { string().map(reading.path) }

    package func network() -> Network? {
        let expected = "a network such as \"10.0.0.0/8\", \"::1/128\" or one address"
        guard let text = string(expected: expected) else { return nil }
        do throws(Network.Fault) {
            return try Network(text)
        } catch {
            switch error {
            case .notAnAddress:
                report(.malformed(expected: expected, found: text))
            case .badPrefix(let allowed):
                report(
                    .malformed(
                        expected: "a prefix of \(allowed.lowerBound) to \(allowed.upperBound) bits",
                        found: text))
            case .hostBits(let meant):
                report(
                    .malformed(
                        expected: "a network without bits behind its prefix; did you mean "
                            + "\"\(meant)\", or the address alone?", found: text))
            }
            return nil
        }
    }

    /// The elements of an array.
    package func elements() -> [SettingsValue]? {
        guard case .array(let nodes) = node.content else {
            reportType("an array")
            return nil
        }
        return nodes.enumerated().map { index, node in
            SettingsValue(node: node, key: "\(key)[\(index)]", reading: reading)
        }
    }

    /// The elements of an array, each made something of; nil when one of them is at fault.
    package func elements<Value>(_ make: (SettingsValue) -> Value?) -> [Value]? {
        guard let elements = elements() else { return nil }
        // Not until the first nil: each element's fault is to be heard.
        let made = elements.map(make).compactMap { $0 }
        return made.count == elements.count ? made : nil
    }

    /// A table, read like a section; its reader calls `finish()`.
    package func section() -> Section? {
        guard case .table = node.content else {
            reportType("a table")
            return nil
        }
        return Section(
            name: key, node: node, place: (node.line, node.column), reading: reading)
    }

    package var isString: Bool {
        if case .string = node.content { true } else { false }
    }

    private func checked(_ value: Int, within range: ClosedRange<Int>) -> Int? {
        if range.contains(value) { return value }
        report(.outOfRange(found: "\(value)", allowed: Self.text(range)))
        return nil
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max
            ? "from \(range.lowerBound) up" : "from \(range.lowerBound) to \(range.upperBound)"
    }
}
