internal import PorticoBytes

/// `t:cmdLine`: what a shell would read alike becomes alike.
enum CommandLineText {
    /// Quotes, backslashes and carets go; a run of blank, comma, semicolon, TAB, CR and LF becomes
    /// one blank, which goes before `/` and `(`; letters become small.
    static func normalize(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var index = 0
        var wasBlank = false
        let classes = classes
        // What stays as it is, byte by byte.
        while index < input.count {
            let byte = input[index]
            let next = classes[Int(byte)]
            if next == .plain {
                wasBlank = false
            } else if byte == 0x20, !wasBlank {
                wasBlank = true
            } else if next == .opening, !wasBlank {
                wasBlank = false
            } else {
                break
            }
            index &+= 1
        }
        if index == input.count { return false }
        output.begin(with: input, upTo: input.count, room: input.count)
        // Written over the copy: an append costs four times as much.
        var bytes = output.mutableSpan
        var end = index
        while index < input.count {
            let byte = input[index]
            index &+= 1
            switch classes[Int(byte)] {
            case .deleted: continue
            case .blank:
                if !wasBlank {
                    bytes[end] = 0x20
                    end &+= 1
                }
                wasBlank = true
            case .opening:
                if wasBlank { end &-= 1 }
                bytes[end] = byte
                end &+= 1
                wasBlank = false
            case .plain, .capital:
                bytes[end] = ASCII.lowercase(byte)
                end &+= 1
                wasBlank = false
            }
        }
        output.removeLast(output.count &- end)
        return true
    }

    private enum Class: UInt8 { case plain, capital, deleted, blank, opening }

    private static let classes: [Class] = (0..<256).map { value in
        switch UInt8(value) {
        case 0x22, 0x27, 0x5C, 0x5E: .deleted
        case 0x20, 0x2C, 0x3B, 0x09, 0x0D, 0x0A: .blank
        case 0x2F, 0x28: .opening
        case 0x41...0x5A: .capital
        default: .plain
        }
    }
}
