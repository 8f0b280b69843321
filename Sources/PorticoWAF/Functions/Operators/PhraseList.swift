internal import PorticoBytes

/// The phrases of `@pm` and `@pmFromFile`.
enum PhraseList {
    /// Separated by blanks; `|41 42|` stands for the bytes of its hexadecimal digits, as in Snort's
    /// rules.
    static func phrases(inOperand operand: [UInt8]) -> [[UInt8]] {
        guard let resolved = resolvingHex(operand) else {
            return operand.split(whereSeparator: Blanks.isBlank).map(Array.init)
        }
        return resolved
    }

    /// One a line; empty lines and those that begin with `#` are none. Blanks within and before a
    /// phrase belong to it, blanks and CR behind it do not.
    static func phrases(inFile bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: 0x0A).compactMap { line in
            var line = line
            while let last = line.last, Blanks.isBlank(last) { line.removeLast() }
            return line.isEmpty || line.first == 0x23 ? nil : Array(line)
        }
    }

    /// Nil without a well-formed `|…|`: then each `|` stands for itself.
    private static func resolvingHex(_ operand: [UInt8]) -> [[UInt8]]? {
        var phrases: [[UInt8]] = [[]]
        var isHex = false
        var found = false
        var digits: [UInt8] = []
        for byte in operand {
            if byte == 0x7C {
                if isHex {
                    if digits.isEmpty || digits.count % 2 != 0 { return nil }
                    for pair in stride(from: 0, to: digits.count, by: 2) {
                        phrases[phrases.count - 1].append(digits[pair] << 4 | digits[pair + 1])
                    }
                    digits = []
                    found = true
                }
                isHex.toggle()
            } else if isHex {
                if Blanks.isBlank(byte) { continue }
                guard let digit = ASCII.hexadecimalValue(byte) else { return nil }
                digits.append(digit)
            } else if Blanks.isBlank(byte) {
                phrases.append([])
            } else {
                phrases[phrases.count - 1].append(byte)
            }
        }
        return isHex || !found ? nil : phrases.filter { !$0.isEmpty }
    }
}
