internal import PorticoBytes

/// What the audit record does not show (`sanitiseArg` and the like).
struct Secrets {
    /// Shorter ones occur in everything; they are masked where they stand alone.
    private static let shortest = 3
    private static let mostMasks = 256

    private(set) var masks: [Action.Mask] = []
    /// Values that were matched when a rule said `sanitiseMatched`.
    private var matched: [ValueID] = []
    /// The values, decoded, the longest first.
    private(set) var texts: [[UInt8]] = []
    /// Values as a whole.
    private var whole: Set<[UInt8]> = []

    mutating func removeAll() {
        if masks.isEmpty, matched.isEmpty { return }
        self = Secrets()
    }

    mutating func add(_ mask: Action.Mask, matched value: ValueID) {
        guard masks.count < Self.mostMasks, matched.count < Self.mostMasks else { return }
        if mask == .matched {
            if value >= 0 { matched.append(value) }
        } else if !masks.contains(mask) {
            masks.append(mask)
        }
    }

    var isEmpty: Bool { masks.isEmpty && matched.isEmpty }

    /// Whether a variable such as `ARGS:password` is one whose values are not shown.
    func isMasked(_ variable: [UInt8]) -> Bool {
        guard !masks.isEmpty, let colon = variable.firstIndex(of: 0x3A) else { return false }
        let name = variable[..<colon]
        let key = variable[(colon + 1)...].map(ASCII.lowercase)
        return masks.contains { mask in
            switch mask {
            case .argument(let wanted):
                // JSON and multipart bodies have their own names for the same.
                name.starts(with: Array("ARGS".utf8)) && !name.hasNamesSuffix
                    && (key == wanted || key.ends(with: wanted, behind: 0x2E))
            case .requestField(let wanted):
                name.elementsEqual(Array("REQUEST_HEADERS".utf8)) && key == wanted
                    || name.elementsEqual(Array("REQUEST_COOKIES".utf8))
                        && wanted.elementsEqual(Array("cookie".utf8))
            case .responseField(let wanted):
                name.elementsEqual(Array("RESPONSE_HEADERS".utf8)) && key == wanted
            case .matched: false
            }
        }
    }

    /// Looks the values up; once all rules have run.
    mutating func find(in values: [(variable: [UInt8], value: [UInt8])], heap: ValueHeap) {
        texts = []
        whole = []
        for id in matched { add(text: heap.bytes(id).array) }
        for (variable, value) in values where isMasked(variable) { add(text: value) }
        texts.sort { $0.count > $1.count }
    }

    private mutating func add(text: [UInt8]) {
        if text.isEmpty { return }
        whole.insert(text)
        guard text.count >= Self.shortest, texts.count < 1024 else { return }
        texts.append(text)
    }

    /// Each secret in it is one `*`: how long it is, is nobody's affair either. Letters are
    /// compared without case, since transformations fold it.
    func masked(_ text: [UInt8]) -> [UInt8] {
        if whole.contains(text) { return [0x2A] }
        var result: [UInt8] = []
        var index = 0
        scan: while index < text.count {
            for secret in texts {
                let count = Self.length(of: secret, in: text, at: index)
                if count > 0 {
                    result.append(0x2A)
                    index += count
                    continue scan
                }
            }
            result.append(text[index])
            index += 1
        }
        return result
    }

    /// How many bytes of `text` from `start` on are the secret, some of them perhaps
    /// percent-encoded, as every sender does in its own way; 0: it does not stand there.
    private static func length(of secret: [UInt8], in text: [UInt8], at start: Int) -> Int {
        var index = start
        for wanted in secret {
            guard index < text.count else { return 0 }
            let byte = text[index]
            if ASCII.lowercase(byte) == ASCII.lowercase(wanted)
                || (byte == 0x2B && wanted == 0x20)
            {
                index += 1
            } else if byte == 0x25, index + 2 < text.count,
                let high = ASCII.hexadecimalValue(text[index + 1]),
                let low = ASCII.hexadecimalValue(text[index + 2]),
                ASCII.lowercase(high << 4 | low) == ASCII.lowercase(wanted)
            {
                index += 3
            } else {
                return 0
            }
        }
        return index - start
    }
}

extension ArraySlice<UInt8> {
    fileprivate var hasNamesSuffix: Bool { suffix(6).elementsEqual(Array("_NAMES".utf8)) }
}

extension [UInt8] {
    /// Whether it ends with `end`, and `byte` stands before that.
    fileprivate func ends(with end: [UInt8], behind byte: UInt8) -> Bool {
        count > end.count && suffix(end.count).elementsEqual(end)
            && self[count - end.count - 1] == byte
    }
}

extension Transaction {
    /// Before a record is written: which values it must not show.
    mutating func findSecrets() {
        if secrets.isEmpty { return }
        var values: [(variable: [UInt8], value: [UInt8])] = []
        let places: [(Store, StaticString)] = [
            (.argsGet, "ARGS:"), (.argsPost, "ARGS:"), (.requestHeaders, "REQUEST_HEADERS:"),
            (.requestCookies, "REQUEST_COOKIES:"), (.responseHeaders, "RESPONSE_HEADERS:"),
        ]
        for (store, label) in places {
            for entry in stores[store.rawValue] {
                values.append(
                    (
                        variable: Array("\(label)".utf8) + heap.bytes(entry.key).array,
                        value: heap.bytes(entry.value).array
                    ))
            }
        }
        for match in matches {
            values.append(
                (
                    variable: heap.bytes(in: match.name).array,
                    value: heap.bytes(in: match.value).array
                ))
        }
        secrets.find(in: values, heap: heap)
    }
}
