internal import PorticoBytes

/// One directive's text: a line with the lines that continue it, without the backslashes and the
/// line ends between them.
struct LogicalLine {
    private(set) var bytes: [UInt8] = []
    /// For each physical line: where it begins in `bytes`, and its number.
    private var starts: [(offset: Int, line: Int)] = []
    let file: String

    init(file: String) { self.file = file }

    mutating func append(_ line: ArraySlice<UInt8>, number: Int) {
        starts.append((bytes.count, number))
        bytes.append(contentsOf: line)
    }

    var isEmpty: Bool { starts.isEmpty }

    func place(at offset: Int) -> SourcePlace {
        var line = starts.first?.line ?? 1
        var column = offset + 1
        for start in starts where start.offset <= offset {
            line = start.line
            column = offset - start.offset + 1
        }
        return SourcePlace(file: file, line: line, column: column)
    }
}

/// Cuts a file into directives. Comments and empty lines are left out.
struct LineReader {
    private let text: [UInt8]
    private let file: String
    private var index = 0
    private var number = 0

    init(_ text: [UInt8], file: String) {
        self.text = text
        self.file = file
        // A byte order mark, which some editors write.
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    mutating func next() -> LogicalLine? {
        var line = LogicalLine(file: file)
        while index < text.count {
            let end = text[index...].firstIndex(of: 0x0A) ?? text.count
            var content = text[index..<end]
            index = end + 1
            number += 1
            if content.last == 0x0D { content = content.dropLast() }
            if line.isEmpty {
                let first = content.first { $0 != 0x20 && $0 != 0x09 }
                if first == nil || first == 0x23 { continue }
            }
            if content.last == 0x5C {
                line.append(content.dropLast(), number: number)
                continue
            }
            line.append(content, number: number)
            return line
        }
        return line.isEmpty ? nil : line
    }
}

/// A word or quoted text of a directive.
package struct Argument: Equatable, Sendable {
    /// Without the quotes, `\"` turned into `"`.
    package let bytes: [UInt8]
    package let place: SourcePlace

    package var text: String { bytes.span.text }
}

/// The same with what it takes to name the place of each byte.
struct RawArgument {
    var bytes: [UInt8] = []
    /// Of each byte, where it stands in the line.
    var offsets: [Int] = []
    let start: Int
    let line: LogicalLine

    func place(at index: Int) -> SourcePlace {
        line.place(at: index < offsets.count ? offsets[index] : (offsets.last ?? start) + 1)
    }

    var argument: Argument { Argument(bytes: bytes, place: place(at: 0)) }
}

extension LogicalLine {
    /// Blank-separated words, each of which may stand in double quotes.
    func arguments() throws(SecLangFault) -> [RawArgument] {
        var words: [RawArgument] = []
        var index = 0
        while true {
            while index < bytes.count, isBlank(bytes[index]) { index += 1 }
            guard index < bytes.count else { return words }
            if bytes[index] == 0x22 {
                words.append(try quoted(&index))
            } else {
                var word = RawArgument(start: index, line: self)
                while index < bytes.count, !isBlank(bytes[index]) {
                    word.bytes.append(bytes[index])
                    word.offsets.append(index)
                    index += 1
                }
                words.append(word)
            }
        }
    }

    private func quoted(_ index: inout Int) throws(SecLangFault) -> RawArgument {
        let opening = index
        var word = RawArgument(start: index + 1, line: self)
        index += 1
        while index < bytes.count {
            var byte = bytes[index]
            if byte == 0x22 {
                index += 1
                return word
            }
            if byte == 0x5C, index + 1 < bytes.count {
                let next = bytes[index + 1]
                if next == 0x22 {
                    index += 1
                    byte = next
                } else if next == 0x5C {
                    // Two backslashes are two: the second does not escape a quote behind it.
                    word.bytes.append(byte)
                    word.offsets.append(index)
                    index += 1
                }
            }
            word.bytes.append(byte)
            word.offsets.append(index)
            index += 1
        }
        throw SecLangFault(.unterminated("a quoted argument"), at: place(at: opening))
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
