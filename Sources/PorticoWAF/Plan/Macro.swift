internal import PorticoBytes
package import PorticoSecLang

/// Text with `%{NAME.key}` in it (SECLANG §9), taken apart ahead.
struct Macro: Sendable {
    enum Piece: Sendable {
        case text([UInt8])
        case slot(Int32)
        case variable(Variable)
        /// The first value under a key, which is in lower case.
        case member(Variable, [UInt8])
    }

    let pieces: [Piece]

    /// The text if there is nothing to expand.
    var constant: [UInt8]? {
        switch pieces.count {
        case 0: []
        case 1: if case .text(let text) = pieces[0] { text } else { nil }
        default: nil
        }
    }

    enum Fault: Error {
        case unterminated
        case unknown(String)
    }

    init(constant: [UInt8]) { pieces = constant.isEmpty ? [] : [.text(constant)] }

    init(_ text: [UInt8], slots: inout SlotNames) throws(Fault) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var index = 0
        while index < text.count {
            guard text[index] == 0x25, index + 1 < text.count, text[index + 1] == 0x7B else {
                literal.append(text[index])
                index += 1
                continue
            }
            guard let end = text[index...].firstIndex(of: 0x7D) else { throw .unterminated }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = []
            pieces.append(try Self.piece(text[(index + 2)..<end], &slots))
            index = end + 1
        }
        if !literal.isEmpty { pieces.append(.text(literal)) }
        self.pieces = pieces
    }

    private static func piece(
        _ text: ArraySlice<UInt8>, _ slots: inout SlotNames
    ) throws(Fault) -> Piece {
        let cut = text.firstIndex { $0 == 0x2E || $0 == 0x3A } ?? text.endIndex
        let name = Array(text[..<cut]).span.trimmingOWS.text.lowercased()
        guard let variable = Variable(named: name) else { throw .unknown(Array(text).span.text) }
        if cut == text.endIndex {
            return .variable(variable)
        }
        let key = text[(cut + 1)...].map(ASCII.lowercase)
        if variable == .tx { return .slot(slots.slot(key)) }
        return variable.isScalar ? .variable(variable) : .member(variable, key)
    }
}

/// Numbers the keys of TX that rules name, so that looking one up is an index. 0 to 9 are the
/// captures.
struct SlotNames: Sendable {
    /// As spelled first.
    private(set) var names: [[UInt8]] = []
    /// By folded name.
    private(set) var numbers: [[UInt8]: Int32] = [:]

    init() { for digit in 0..<10 { _ = slot([0x30 + UInt8(digit)]) } }

    mutating func slot(_ name: [UInt8]) -> Int32 {
        let folded = name.map(ASCII.lowercase)
        if let number = numbers[folded] { return number }
        let number = Int32(names.count)
        names.append(name)
        numbers[folded] = number
        return number
    }

    func find(_ name: Span<UInt8>) -> Int32? {
        var folded = name.array
        for index in folded.indices { folded[index] = ASCII.lowercase(folded[index]) }
        return numbers[folded]
    }
}
