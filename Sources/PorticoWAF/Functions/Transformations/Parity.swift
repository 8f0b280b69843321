/// `t:parityEven7bit`, `t:parityOdd7bit`, `t:parityZero7bit`: the eighth bit of each byte is set
/// anew, so that the number of ones is even or odd, or to zero.
enum Parity {
    case even, odd, zero

    func apply(to input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var first = 0
        while first < input.count, of(input[first]) == input[first] { first &+= 1 }
        if first == input.count { return false }
        output.begin(with: input, upTo: first, room: input.count)
        for index in first..<input.count { output.append(of(input[index])) }
        return true
    }

    private func of(_ byte: UInt8) -> UInt8 {
        let bits = byte & 0x7F
        let isOdd = bits.nonzeroBitCount & 1 == 1
        return switch self {
        case .even: isOdd ? bits | 0x80 : bits
        case .odd: isOdd ? bits : bits | 0x80
        case .zero: bits
        }
    }
}
