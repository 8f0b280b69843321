package import PorticoBytes

/// One table of a settings file, asked key by key.
///
/// It remembers which keys were asked for, so that `finish()` can report the rest as misspelt. A
/// key that is absent or at fault leaves what it would have set; see `Reading`.
///
///     package init(from section: inout Section) {
///         section.read("join_patience", into: &joinPatience, within: .zero ... .seconds(60))
///         section.finish()
///     }
package struct Section {
    /// As faults name it: `origins.shop.health`; empty for the root.
    package let name: String
    package let line: Int
    package let column: Int
    package let reading: Reading
    private let entries: [Entry]
    private var asked: [String] = []

    init(name: String, node: Node, place: (line: Int, column: Int), reading: Reading) {
        self.name = name
        self.reading = reading
        (line, column) = place
        if case .table(let entries) = node.content {
            self.entries = entries
        } else {
            entries = []
        }
    }

    private func path(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }

    /// The value of a key, nil where it is absent; from now on the key is known.
    package mutating func value(_ key: String) -> SettingsValue? {
        asked.append(key)
        guard let entry = entries.first(where: { $0.key == key }) else { return nil }
        return SettingsValue(node: entry.value, key: path(key), reading: reading)
    }

    /// Whether the key stands in the file.
    package func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// The line of the key's value; of the section where the key does not stand.
    package func line(of key: String) -> Int {
        entries.first { $0.key == key }?.value.line ?? line
    }

    /// Reports a fault of the section, or at the value of one of its keys where it stands.
    package func report(_ kind: SettingsFault.Kind, at key: String? = nil) {
        let entry = key.flatMap { key in entries.first { $0.key == key } }
        reading.report(
            kind, key: key.map(path) ?? name, line: entry?.value.line ?? line,
            column: entry?.value.column ?? column)
    }

    /// Reports the keys that nobody asked for.
    package func finish() {
        for entry in entries where !asked.contains(entry.key) {
            reading.report(
                .unknownKey(nearest: nearest(to: entry.key, among: asked), known: asked),
                key: path(entry.key), line: entry.line, column: entry.column)
        }
    }
}

// MARK: - Keys

extension Section {
    package mutating func read(_ key: String, into value: inout Bool) {
        if let found = self.value(key)?.boolean() { value = found }
    }

    package mutating func read(_ key: String, into value: inout Bool?) {
        if let found = self.value(key)?.boolean() { value = found }
    }

    package mutating func read(
        _ key: String, into value: inout Int, within range: ClosedRange<Int>
    ) {
        if let found = self.value(key)?.integer(within: range) { value = found }
    }

    package mutating func readCount(
        _ key: String, into value: inout Int, within range: ClosedRange<Int>
    ) {
        if let found = self.value(key)?.count(within: range) { value = found }
    }

    package mutating func read(_ key: String, into value: inout String) {
        if let found = self.value(key)?.string() { value = found }
    }

    package mutating func read<Choice>(
        _ key: String, into value: inout Choice
    ) where Choice: RawRepresentable<String> & CaseIterable {
        if let found = self.value(key)?.choice(Choice.self) { value = found }
    }

    package mutating func read(
        _ key: String, into value: inout Duration, within range: ClosedRange<Duration>
    ) {
        if let found = self.value(key)?.duration(within: range) { value = found }
    }

    /// A size, into a property whose name says that it counts bytes.
    package mutating func readBytes(
        _ key: String, into value: inout Int,
        within range: ClosedRange<ByteCount> = .zero...ByteCount(.max)
    ) {
        if let found = self.value(key)?.size(within: range) { value = found.bytes }
    }

    package mutating func read(_ key: String, into value: inout Rate) {
        if let found = self.value(key)?.rate() { value = found }
    }

    package mutating func read(_ key: String, into value: inout [String]) {
        if let found = self.value(key)?.elements({ $0.string() }) { value = found }
    }

    package mutating func read(
        _ key: String, into value: inout [Int], within range: ClosedRange<Int>
    ) {
        if let found = self.value(key)?.elements({ $0.integer(within: range) }) { value = found }
    }

    package mutating func read(_ key: String, into value: inout NetworkList) {
        if let found = self.value(key)?.elements({ $0.network() }) { value = NetworkList(found) }
    }

    /// Reads text that `parse` makes something of; `expected` completes "it takes …".
    package mutating func read<Value>(
        _ key: String, into value: inout Value, expected: String, _ parse: (String) -> Value?
    ) {
        if let found = self.value(key)?.parsed(expected: expected, parse) { value = found }
    }

    /// An array of text that `parse` makes something of, element by element.
    package mutating func read<Value>(
        _ key: String, into value: inout [Value], expected: String, _ parse: (String) -> Value?
    ) {
        let found = self.value(key)?.elements { $0.parsed(expected: expected, parse) }
        if let found { value = found }
    }

    /// A path; the value it comes with, when relative, is taken as relative to the file as well.
    package mutating func readPath(_ key: String, into value: inout String) {
        if let found = self.value(key)?.path() {
            value = found
        } else {
            value = reading.path(value)
        }
    }

    package mutating func readPaths(_ key: String, into value: inout [String]) {
        if let found = self.value(key)?.elements({ $0.path() }) {
            value = found
        } else {
            value = value.map(reading.path)
        }
    }

    /// The name of a `subject` (as in "origin pool") that the file defines somewhere; "" is none.
    package mutating func read(
        _ key: String, into value: inout String, namingA subject: String
    ) {
        guard let place = self.value(key), let found = place.string() else { return }
        if !found.isEmpty { reading.refer(to: subject, found, in: place) }
        value = found
    }

    package mutating func read(
        _ key: String, into value: inout [String], namingA subject: String
    ) {
        let found = self.value(key)?.elements { place in
            let name = place.string()
            if let name { reading.refer(to: subject, name, in: place) }
            return name
        }
        if let found { value = found }
    }

    /// Reports a key that must stand and does not; `expected` completes "it takes …".
    package mutating func require(_ key: String, expected: String) {
        if has(key) { return }
        reading.report(
            .missingKey(expected: expected), key: path(key), line: line, column: column)
    }
}

// MARK: - Tables

extension Section {
    /// The table at `key`, as in `[server]`; nil where it is absent.
    package mutating func section(_ key: String) -> Section? { value(key)?.section() }

    /// The tables at `key`, as in `[[listen]]`; none where it is absent.
    package mutating func sections(_ key: String) -> [Section] {
        guard let value = value(key) else { return [] }
        guard case .array = value.node.content else {
            value.report(
                .wrongType(
                    expected: "an array of tables, each under [[\(path(key))]]",
                    found: value.node.noun))
            return []
        }
        return value.elements()?.compactMap { $0.section() } ?? []
    }

    /// The tables below `key` with their names, as in `[origins.NAME]`, in the order of the file.
    package mutating func namedSections(_ key: String) -> [(name: String, section: Section)] {
        guard let outer = section(key) else { return [] }
        return outer.entries.compactMap { entry in
            let value = SettingsValue(
                node: entry.value, key: outer.path(entry.key), reading: reading)
            return value.section().map { (entry.key, $0) }
        }
    }

}
