internal import PorticoBytes

/// The operands of `@ipMatch` and `@ipMatchFromFile`, and the values they are asked about.
enum AddressText {
    private static let expected = "an address, or a network as 192.0.2.0/24"

    /// Separated by commas. Bits behind a prefix are ignored, as ModSecurity does.
    static func networks(inOperand operand: [UInt8]) throws(OperatorFault) -> NetworkList {
        var networks: [Network] = []
        for item in operand.split(separator: 0x2C) {
            let text = Array(item)
            let trimmed = text.span.trimmingOWS
            if trimmed.isEmpty { continue }
            guard let network = network(trimmed) else {
                throw .badOperand(.ipMatch, item: trimmed.text, expected: expected)
            }
            networks.append(network)
        }
        if networks.isEmpty { throw .missingOperand(.ipMatch) }
        return NetworkList(networks)
    }

    /// One a line; what follows `#` is a comment.
    static func networks(
        inFile bytes: [UInt8], named file: String
    ) throws(OperatorFault) -> [Network] {
        var networks: [Network] = []
        var number = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            var line = Array(line.prefix { $0 != 0x23 })
            while let last = line.last, Blanks.isBlank(last) { line.removeLast() }
            let trimmed = line.span.trimmingOWS
            if trimmed.isEmpty { continue }
            guard let network = network(trimmed) else {
                throw .badLine(.ipMatchFromFile, file: file, line: number, expected: expected)
            }
            networks.append(network)
        }
        return networks
    }

    /// A client's address as a variable holds it; a mapped one counts as of version 4.
    static func address(_ value: Span<UInt8>) -> IPAddress? { IPAddress(value) }

    private static func network(_ text: Span<UInt8>) -> Network? {
        do throws(Network.Fault) {
            return try Network(text)
        } catch .hostBits(let meant) {
            return meant
        } catch {
            return nil
        }
    }
}
