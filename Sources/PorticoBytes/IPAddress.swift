/// An address of IP version 4 or 6, without port and zone.
///
/// Held as the 128 bits of its version 6 form; one of version 4 as `::ffff:a.b.c.d` (RFC 4291
/// §2.5.5.2). So a peer that a dual-stack socket reports as mapped is the same address as over
/// version 4, and no list can be walked around by choosing the other form.
package struct IPAddress: Hashable, Sendable {
    /// The upper and the lower 64 bits, the first octet on the left.
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Version 4, the first octet on the left.
    package init(v4: UInt32) {
        self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(v4))
    }

    /// From 4 or 16 octets in network order; nil for any other number.
    package init?(octets: Span<UInt8>) {
        switch octets.count {
        case 4:
            var v4: UInt32 = 0
            for index in octets.indices { v4 = v4 << 8 | UInt32(octets[index]) }
            self.init(v4: v4)
        case 16:
            var high: UInt64 = 0
            var low: UInt64 = 0
            for index in 0..<8 {
                high = high << 8 | UInt64(octets[index])
                low = low << 8 | UInt64(octets[index + 8])
            }
            self.init(high: high, low: low)
        default: return nil
        }
    }

    package var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// The four octets of version 4, the first on the left; nil for version 6.
    package var v4: UInt32? { isV4 ? UInt32(truncatingIfNeeded: low) : nil }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        isV4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1
    }

    /// 0.0.0.0 or ::.
    package var isUnspecified: Bool { self == IPAddress(v4: 0) || (high == 0 && low == 0) }

    /// The network of this address with `prefix` bits; as many as the version has at most.
    package func masked(to prefix: Int) -> IPAddress {
        let bits = isV4 ? 96 + prefix : prefix
        return IPAddress(
            high: bits >= 64 ? high : high & ~(UInt64.max >> UInt64(bits)),
            low: bits <= 64 ? 0 : bits >= 128 ? low : low & ~(UInt64.max >> UInt64(bits - 64)))
    }

    var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

// MARK: - Text in

extension IPAddress {
    package init?(_ text: String) { self.init(Array(text.utf8).span) }

    /// Reads dotted decimal, or a form of RFC 4291 §2.2, and nothing around it.
    ///
    /// Strict, because two readers that differ over `010.0.0.1` are a way around a list: no
    /// leading zeros in decimal, four octets, no zone, no brackets.
    package init?(_ text: Span<UInt8>) {
        if text.count > 45 { return nil }
        if text.firstIndex(of: 0x3A) == nil {
            guard let v4 = Self.dotted(text) else { return nil }
            self.init(v4: v4)
        } else {
            self.init(colons: text)
        }
    }

    private static func dotted(_ text: Span<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in text.indices {
            let byte = text[index]
            if byte == 0x2E {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | octet
                octet = 0
                digits = 0
                dots += 1
            } else {
                guard ASCII.isDigit(byte), digits == 0 || octet > 0 else { return nil }
                octet = octet * 10 + UInt32(byte & 15)
                digits += 1
                if octet > 255 { return nil }
            }
        }
        return dots == 3 && digits > 0 ? value << 8 | octet : nil
    }

    private init?(colons text: Span<UInt8>) {
        var bits: UInt128 = 0
        var groups = 0
        // How many groups stood before "::"; the gap is filled once the rest is known.
        var gap: Int?
        var index = 0
        if text.count >= 2, text[0] == 0x3A {
            guard text[1] == 0x3A else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            var group: UInt128 = 0
            let start = index
            while index < text.count, let digit = ASCII.hexadecimalValue(text[index]) {
                group = group << 4 | UInt128(digit)
                index += 1
                if index - start > 4 { return nil }
            }
            if index < text.count, text[index] == 0x2E {
                guard groups <= 6, let v4 = Self.dotted(text.extracting(start..<text.count))
                else { return nil }
                bits = bits << 32 | UInt128(v4)
                groups += 2
                break
            }
            guard index > start, groups < 8 else { return nil }
            bits = bits << 16 | group
            groups += 1
            if index == text.count { break }
            guard text[index] == 0x3A else { return nil }
            index += 1
            if index == text.count { return nil }
            if text[index] == 0x3A {
                guard gap == nil else { return nil }
                gap = groups
                index += 1
            }
        }
        if let gap {
            // "::" stands for at least one group (RFC 5952 §4.2.2 wants no more from writers, but
            // eight groups beside it leave nothing that it could stand for).
            guard groups < 8 else { return nil }
            let behind = UInt128(16 * (groups - gap))
            let lower = bits & ((1 << behind) - 1)
            bits = (bits >> behind) << (UInt128(16 * (8 - gap))) | lower
        } else if groups != 8 {
            return nil
        }
        self.init(
            high: UInt64(truncatingIfNeeded: bits >> 64), low: UInt64(truncatingIfNeeded: bits))
    }
}

// MARK: - Text out

extension IPAddress: CustomStringConvertible {
    package var description: String {
        var buffer = Buffer(capacity: 48)
        buffer.append(self)
        return buffer.bytes.text
    }

    /// The sixteen bits at `index`, counted from the left.
    fileprivate func group(_ index: Int) -> UInt64 {
        (index < 4 ? high >> UInt64(48 - 16 * index) : low >> UInt64(112 - 16 * index)) & 0xFFFF
    }

    /// The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2.3).
    fileprivate var zeroRun: Range<Int> {
        var longest = 8..<8
        var start = 0
        for index in 0...8 where index == 8 || group(index) != 0 {
            if index - start > max(1, longest.count) { longest = start..<index }
            start = index + 1
        }
        return longest
    }
}

extension Buffer {
    /// Appends an address in the form of RFC 5952; one of version 4 in dotted decimal.
    package mutating func append(_ address: IPAddress) {
        if let v4 = address.v4 {
            append(decimal: UInt64(v4 >> 24))
            for shift in [16, 8, 0] as [UInt32] {
                append(".")
                append(decimal: UInt64(v4 >> shift & 0xFF))
            }
            return
        }
        let zeros = address.zeroRun
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound {
                append("::")
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound { append(":") }
            append(hexadecimal: address.group(index))
            index += 1
        }
    }

    /// Appends an address with its port; version 6 in brackets (RFC 3986 §3.2.2).
    package mutating func append(_ address: SocketAddress) {
        if address.ip.isV4 {
            append(address.ip)
        } else {
            append("[")
            append(address.ip)
            append("]")
        }
        append(":")
        append(decimal: UInt64(address.port))
    }
}
