/// Blanks and NULs: deleted, replaced, trimmed.
enum Blanks {
    /// SecLang's blank set: space, `\t`, `\n`, `\v`, `\f`, `\r`.
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }

    static func removeNulls(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        delete(input, from: input.firstIndex(of: 0, or: 0, from: 0), into: &output) { $0 == 0 }
    }

    static func replaceNulls(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        let first = input.firstIndex(of: 0, or: 0, from: 0)
        if first == input.count { return false }
        output.begin(with: input, upTo: input.count, room: input.count)
        for index in first..<output.count where output[index] == 0 { output[index] = 0x20 }
        return true
    }

    /// `t:removeWhitespace`: also 0xA0 and 0xC2, of which UTF-8 makes its no-break space.
    static func remove(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var first = 0
        while first < input.count, !isRemoved(input[first]) { first &+= 1 }
        return delete(input, from: first, into: &output, isRemoved)
    }

    @inline(__always)
    private static func isRemoved(_ byte: UInt8) -> Bool {
        isBlank(byte) || byte == 0xA0 || byte == 0xC2
    }

    @inline(__always)
    private static func delete(
        _ input: Span<UInt8>, from first: Int, into output: inout [UInt8],
        _ isDeleted: (UInt8) -> Bool
    ) -> Bool {
        if first == input.count { return false }
        output.begin(with: input, upTo: input.count, room: input.count)
        var bytes = output.mutableSpan
        var end = first
        for index in first..<input.count {
            // Written in any case, and kept by counting: no branch to mispredict.
            bytes[end] = input[index]
            end &+= isDeleted(input[index]) ? 0 : 1
        }
        output.removeLast(output.count &- end)
        return true
    }

    /// `t:compressWhitespace`: a run of blanks becomes one space.
    static func compress(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var first = 0
        var wasBlank = false
        while first < input.count {
            let isBlank = isBlank(input[first])
            if isBlank, wasBlank || input[first] != 0x20 { break }
            wasBlank = isBlank
            first &+= 1
        }
        if first == input.count { return false }
        output.begin(with: input, upTo: input.count, room: input.count)
        var bytes = output.mutableSpan
        var end = first
        for index in first..<input.count {
            let isBlank = isBlank(input[index])
            bytes[end] = isBlank ? 0x20 : input[index]
            end &+= isBlank && wasBlank ? 0 : 1
            wasBlank = isBlank
        }
        output.removeLast(output.count &- end)
        return true
    }

    static func trim(
        _ input: Span<UInt8>, left: Bool, right: Bool, into output: inout [UInt8]
    ) -> Bool {
        var (lower, upper) = (0, input.count)
        if left { while lower < upper, isBlank(input[lower]) { lower &+= 1 } }
        if right { while upper > lower, isBlank(input[upper &- 1]) { upper &-= 1 } }
        if upper &- lower == input.count { return false }
        output.begin(with: input.extracting(lower..<upper), upTo: upper - lower, room: 0)
        return true
    }
}
