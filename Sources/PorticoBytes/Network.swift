/// The addresses that share their first bits: `10.0.0.0/8`, `2001:db8::/32` (RFC 4632 §3.1).
///
/// One of version 6 holds no address of version 4, not even `::/0`: who writes it means version 6.
package struct Network: Hashable, Sendable {
    /// The lowest address.
    package let address: IPAddress
    /// How many bits are shared: 0...32 of version 4, 0...128 of version 6.
    package let prefix: Int

    /// Why a text is no network.
    package enum Fault: Error, Equatable, Sendable {
        case notAnAddress
        case badPrefix(allowed: ClosedRange<Int>)
        /// Bits stand behind the prefix; `meant` is the network without them.
        case hostBits(meant: Network)
    }

    /// A single address.
    package init(_ host: IPAddress) {
        self.init(masking: host, to: host.isV4 ? 32 : 128)
    }

    package init(_ text: String) throws(Fault) { try self.init(Array(text.utf8).span) }

    /// Reads `address/prefix` or an address alone. Bits behind the prefix are a fault: either the
    /// address or the prefix is not what was meant.
    package init(_ text: Span<UInt8>) throws(Fault) {
        let slash = text.firstIndex(of: 0x2F) ?? text.count
        let written = text.extracting(0..<slash)
        guard let address = IPAddress(written) else { throw .notAnAddress }
        guard slash < text.count else {
            self.init(address)
            return
        }
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8: the prefix counts the bits of the form written.
        let mapped = address.isV4 && written.firstIndex(of: 0x3A) != nil
        let allowed = mapped ? 96...128 : address.isV4 ? 0...32 : 0...128
        let digits = text.extracting((slash + 1)..<text.count)
        guard let bits = digits.decimal, digits.count == 1 || digits[0] != 0x30,
            bits <= 128, allowed.contains(Int(bits))
        else { throw .badPrefix(allowed: allowed) }
        let prefix = mapped ? Int(bits) - 96 : Int(bits)
        self.init(masking: address, to: prefix)
        if self.address != address { throw .hostBits(meant: self) }
    }

    /// The network of an address; `prefix` as many bits as its version has at most.
    package init(_ address: IPAddress, prefix: Int) {
        precondition((0...(address.isV4 ? 32 : 128)).contains(prefix))
        self.init(masking: address, to: prefix)
    }

    private init(masking address: IPAddress, to prefix: Int) {
        self.address = address.masked(to: prefix)
        self.prefix = prefix
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.isV4 == address.isV4 && other.masked(to: prefix) == address
    }

    /// Its lowest and highest address as numbers.
    fileprivate var bounds: (UInt128, UInt128) {
        let free = UInt128((address.isV4 ? 32 : 128) - prefix)
        let rest: UInt128 = free == 128 ? .max : (1 << free) - 1
        return (address.bits, address.bits | rest)
    }
}

extension Network: CustomStringConvertible {
    package var description: String { "\(address)/\(prefix)" }
}

/// Networks, asked per request whether an address lies in one of them.
///
/// Answered by bisection over the merged ranges, so that a deny list of a hundred thousand lines
/// costs seventeen comparisons.
package struct NetworkList: Sendable {
    /// As they were given.
    package let networks: [Network]
    private let v4: [AddressRange]
    private let v6: [AddressRange]

    private struct AddressRange: Sendable {
        var lower: UInt128
        var upper: UInt128
    }

    package init(_ networks: [Network] = []) {
        self.networks = networks
        v4 = Self.merged(networks.filter(\.address.isV4))
        v6 = Self.merged(networks.filter { !$0.address.isV4 })
    }

    package var isEmpty: Bool { networks.isEmpty }

    package func contains(_ address: IPAddress) -> Bool {
        let ranges = address.isV4 ? v4 : v6
        let bits = address.bits
        // How many ranges begin at or below the address: only the last of them can hold it.
        var lower = 0
        var upper = ranges.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if ranges[middle].lower <= bits { lower = middle + 1 } else { upper = middle }
        }
        return lower > 0 && bits <= ranges[lower - 1].upper
    }

    private static func merged(_ networks: [Network]) -> [AddressRange] {
        var ranges: [AddressRange] = []
        for (lower, upper) in networks.map(\.bounds).sorted(by: { $0.0 < $1.0 }) {
            if let last = ranges.indices.last, lower <= ranges[last].upper {
                ranges[last].upper = max(ranges[last].upper, upper)
            } else {
                ranges.append(AddressRange(lower: lower, upper: upper))
            }
        }
        return ranges
    }
}

extension NetworkList: Equatable {
    package static func == (left: NetworkList, right: NetworkList) -> Bool {
        left.networks == right.networks
    }
}
