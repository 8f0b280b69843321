internal import PorticoBytes

/// A colour with straight alpha.
package struct ImageColour: Equatable, Sendable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8
    package var alpha: UInt8

    package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8, _ alpha: UInt8 = 255) {
        self.red = red
        self.green = green
        self.blue = blue
        self.alpha = alpha
    }

    package static let white = ImageColour(255, 255, 255)
    package static let transparent = ImageColour(0, 0, 0, 0)

    /// `a22`, `cf23a5`, `255,0,0`, `255,0,0,0.5`.
    package init?(_ text: Span<UInt8>) {
        if text.firstIndex(of: 0x2C) == nil {
            guard text.count == 3 || text.count == 6 else { return nil }
            var nibbles: [UInt8] = []
            for index in text.indices {
                guard let value = ASCII.hexadecimalValue(text[index]) else { return nil }
                nibbles.append(value)
                if text.count == 3 { nibbles.append(value) }
            }
            self.init(
                nibbles[0] << 4 | nibbles[1], nibbles[2] << 4 | nibbles[3],
                nibbles[4] << 4 | nibbles[5])
            return
        }
        var parts: [FixedPoint] = []
        guard
            text.forEachPart(
                of: 0x2C,
                { part in
                    guard parts.count < 4, let number = FixedPoint(part) else { return false }
                    parts.append(number)
                    return true
                }), parts.count >= 3
        else { return nil }
        var channels: [UInt8] = []
        for part in parts.prefix(3) {
            guard part >= .zero, part <= FixedPoint(255) else { return nil }
            channels.append(UInt8(clamping: part.rounded))
        }
        var alpha: UInt8 = 255
        if parts.count == 4 {
            guard parts[3] >= .zero, parts[3] <= FixedPoint(1) else { return nil }
            alpha = UInt8(clamping: FixedPoint(millionths: parts[3].millionths * 255).rounded)
        }
        self.init(channels[0], channels[1], channels[2], alpha)
    }

    func write(into text: inout Buffer) {
        for (index, channel) in [red, green, blue].enumerated() {
            if index > 0 { text.append(0x2C) }
            text.append(decimal: UInt64(channel))
        }
        if alpha == 255 { return }
        text.append(0x2C)
        // Rounded up, so that reading it gives the same byte.
        FixedPoint(millionths: (Int(alpha) * FixedPoint.one + 254) / 255).write(into: &text)
    }
}

extension Span<UInt8> {
    /// Calls `body` for each part between separators, while it answers true; whether it always did.
    func forEachPart(of separator: UInt8, _ body: (Span<UInt8>) -> Bool) -> Bool {
        var start = 0
        while start <= count {
            let end = firstIndex(of: separator, from: start) ?? count
            if !body(extracting(start..<end)) { return false }
            start = end + 1
        }
        return true
    }
}
