internal import PorticoBytes

/// Whether a text is a host name: labels of letters, digits, `-` and `_` (which RFC 1123 §2.1 does
/// not have, and networks do), at most 63 bytes each and 253 together, without a dot at the end.
///
/// A name whose last label is a number is none: everybody would read it as an address.
package func isHostName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    let labels = text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
    let sound = labels.allSatisfy { label in
        (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
            && label.allSatisfy { byte in
                ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2D || byte == 0x5F
            }
    }
    return sound && !labels[labels.count - 1].allSatisfy(ASCII.isDigit)
}

/// Whether a text is a field or cookie name (a token, RFC 9110 §5.6.2).
package func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(ASCII.isTokenByte)
}
