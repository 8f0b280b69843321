package import PorticoBytes

/// The content codings that an edge can apply (RFC 9110 §8.4.1; Brotli RFC 7932, zstd RFC 8878).
package enum ContentCoding: UInt8, CaseIterable, Sendable {
    case gzip, brotli, zstd

    /// As Content-Encoding and Accept-Encoding say it.
    package var token: StaticString {
        switch self {
        case .gzip: "gzip"
        case .brotli: "br"
        case .zstd: "zstd"
        }
    }

    /// "x-gzip" is "gzip" (RFC 9110 §8.4.1.3).
    package init?(_ token: Span<UInt8>) {
        if token.equalsFolded("x-gzip") {
            self = .gzip
            return
        }
        let known = Self.allCases.first { token.equalsFolded($0.token) }
        guard let known else { return nil }
        self = known
    }
}

/// What a client takes of content codings (RFC 9110 §12.5.3), weights in thousandths.
package struct AcceptEncoding: Equatable, Sendable {
    private var weights: InlineArray<3, UInt16> = .init(repeating: 0)

    /// No field, or an empty one: identity alone.
    package init(_ request: borrowing Fields) {
        guard request.contains(.acceptEncoding) else { return }
        var said: InlineArray<3, Bool> = .init(repeating: false)
        var others: UInt16?
        request.forEachMember(of: .acceptEncoding) { member in
            let weighted = Weighted(member)
            if let coding = ContentCoding(weighted.value) {
                weights[Int(coding.rawValue)] = weighted.weight
                said[Int(coding.rawValue)] = true
            } else if weighted.value.equals("*") {
                others = weighted.weight
            }
        }
        guard let others else { return }
        for index in weights.indices where !said[index] { weights[index] = others }
    }

    /// 0: not acceptable.
    package func weight(of coding: ContentCoding) -> UInt16 { weights[Int(coding.rawValue)] }

    /// The one of the highest weight; between equals, the first of `order`. Nil: identity.
    ///
    /// Identity's own weight does not count: a client that takes a coding at all is served by
    /// fewer bytes.
    package func best(of order: [ContentCoding]) -> ContentCoding? {
        var best: ContentCoding?
        for coding in order where weight(of: coding) > (best.map(weight(of:)) ?? 0) {
            best = coding
        }
        return best
    }

    /// All that are acceptable, without weights, in one order: "gzip, br".
    package func write(into buffer: inout Buffer) {
        for coding in ContentCoding.allCases where weight(of: coding) > 0 {
            if !buffer.isEmpty { buffer.append(", ") }
            buffer.append(coding.token)
        }
    }

    package static func == (left: AcceptEncoding, right: AcceptEncoding) -> Bool {
        ContentCoding.allCases.allSatisfy { left.weight(of: $0) == right.weight(of: $0) }
    }
}

/// A member of an Accept field: a value, and its weight in thousandths (RFC 9110 §12.4.2).
package struct Weighted: ~Escapable {
    package let value: Span<UInt8>
    /// 1000 without a weight; 0, not acceptable, where the weight is none.
    package let weight: UInt16

    /// The value with its parameters up to the weight.
    @_lifetime(copy member)
    package init(_ member: Span<UInt8>) {
        var end = member.count
        var weight: UInt16 = 1000
        var index = 0
        while let semicolon = member.firstIndex(of: 0x3B, from: index) {
            let parameter = member.extracting(
                (semicolon + 1)..<(member.firstIndex(of: 0x3B, from: semicolon + 1) ?? member.count)
            ).trimmingOWS
            if parameter.count >= 2, parameter[0] | 0x20 == 0x71, parameter[1] == 0x3D {
                end = semicolon
                weight = Self.thousandths(parameter.extracting(2...)) ?? 0
                break
            }
            index = semicolon + 1
        }
        value = member.extracting(..<end).trimmingOWS
        self.weight = weight
    }

    /// "0", "0.5", "1.000": at most three digits behind the point, at most 1.
    private static func thousandths(_ text: Span<UInt8>) -> UInt16? {
        guard text.count >= 1, text.count <= 5, text[0] == 0x30 || text[0] == 0x31 else {
            return nil
        }
        var result = UInt16(text[0] - 0x30) * 1000
        if text.count == 1 { return result }
        guard text[1] == 0x2E else { return nil }
        var unit: UInt16 = 100
        for index in 2..<text.count {
            guard text[index] >= 0x30, text[index] <= 0x39 else { return nil }
            result += UInt16(text[index] - 0x30) * unit
            unit /= 10
        }
        return result <= 1000 ? result : nil
    }
}
