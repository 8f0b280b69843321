internal import CPorticoTOML

/// One value of a TOML document with the place at which it stands.
///
/// Lines and columns count from 1; a column counts Unicode scalars, as the parser does.
struct Node {
    indirect enum Content {
        case table([Entry])
        case array([Node])
        case string(String)
        case integer(Int64)
        case fraction(Double)
        case boolean(Bool)
        case time
    }

    var content: Content
    var line: Int
    var column: Int

    /// What stands there, as a fault names it.
    var noun: String {
        switch content {
        case .table: "a table"
        case .array: "an array"
        case .string: "a string"
        case .integer: "a whole number"
        case .fraction: "a fraction"
        case .boolean(let value): value ? "true" : "false"
        case .time: "a date or time"
        }
    }
}

/// A key of a table and its value; the place is the key's.
struct Entry {
    var key: String
    var line: Int
    var column: Int
    var value: Node
}

/// Why a text is no TOML.
struct SyntaxFault: Error {
    var reason: String
    var line: Int
    var column: Int
}

extension Node {
    /// The root table of a TOML document; tables list their entries in the order of the text.
    init(parsing text: String) throws(SyntaxFault) {
        var text = text
        // SAFETY: the shim keeps nothing of the text.
        let parsed = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe px_toml_parse(characters.baseAddress, characters.count)
            }
        }
        guard let document = unsafe parsed else {
            throw SyntaxFault(reason: "memory is exhausted", line: 1, column: 1)
        }
        defer { unsafe px_toml_free(document) }

        var line: UInt32 = 0
        var column: UInt32 = 0
        if let reason = unsafe px_toml_fault(document, &line, &column) {
            // SAFETY: a terminated string that lives as long as the document.
            throw SyntaxFault(
                reason: unsafe String(cString: reason), line: max(1, Int(line)),
                column: max(1, Int(column)))
        }
        var count = 0
        // SAFETY: the list holds `count` nodes and lives as long as the document.
        let nodes = unsafe UnsafeBufferPointer(start: px_toml_nodes(document, &count), count: count)
        var index = 0
        unsafe self.init(reading: nodes, at: &index)
    }

    /// Reads the node at `index` and those below it; `index` ends behind them.
    @unsafe private init(reading nodes: UnsafeBufferPointer<px_toml_node>, at index: inout Int) {
        let node = unsafe nodes[index]
        index += 1
        unsafe line = Int(node.line)
        unsafe column = Int(node.column)
        switch unsafe node.kind {
        case Int32(PX_TOML_TABLE):
            var entries: [Entry] = []
            for _ in unsafe 0..<node.children {
                let child = unsafe nodes[index]
                let key = unsafe Self.text(child.key, child.key_length)
                let value = unsafe Node(reading: nodes, at: &index)
                unsafe entries.append(
                    Entry(
                        key: key, line: Int(child.key_line), column: Int(child.key_column),
                        value: value))
            }
            // The parser sorts by name; people read from the top.
            entries.sort { ($0.line, $0.column) < ($1.line, $1.column) }
            content = .table(entries)
        case Int32(PX_TOML_ARRAY):
            var elements: [Node] = []
            for _ in unsafe 0..<node.children {
                unsafe elements.append(Node(reading: nodes, at: &index))
            }
            content = .array(elements)
        case Int32(PX_TOML_STRING):
            content = unsafe .string(Self.text(node.text, node.text_length))
        case Int32(PX_TOML_INTEGER): content = unsafe .integer(node.integer)
        case Int32(PX_TOML_FLOAT): content = unsafe .fraction(node.number)
        case Int32(PX_TOML_BOOLEAN): content = unsafe .boolean(node.integer != 0)
        default: content = .time
        }
    }

    @unsafe private static func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
        // SAFETY: the shim's strings are as long as it says.
        unsafe UnsafeRawBufferPointer(start: start, count: count).withMemoryRebound(
            to: UInt8.self
        ) { bytes in unsafe String(decoding: bytes, as: UTF8.self) }
    }
}
