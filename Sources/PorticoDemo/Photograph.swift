internal import CPorticoDemo

/// A photograph that the program carries in its text. Its bytes are never copied.
package struct Photograph: Sendable {
    /// The file's name: `mug.jpg`.
    package let name: String
    package let contentType: String
    /// A strong validator, quotes included.
    package let tag: String
    private let index: Int
    package let count: Int

    /// All of them, by name.
    package static let all: [String: Photograph] = {
        var found: [String: Photograph] = [:]
        for index in 0..<portico_demo_photograph_count() {
            // SAFETY: the index is below the count; the table's strings end in NUL and live on.
            let entry = unsafe portico_demo_photograph_at(index)
            let name = unsafe String(cString: entry.name)
            let type = unsafe String(cString: entry.content_type)
            let bytes = unsafe Span(_unsafeStart: entry.bytes, count: entry.length)
            var digest = Digest()
            for at in bytes.indices { digest.add(bytes[at]) }
            found[name] = Photograph(
                name: name, contentType: type, tag: "\"\(digest.text)\"", index: index,
                count: bytes.count)
        }
        return found
    }()

    private init(name: String, contentType: String, tag: String, index: Int, count: Int) {
        self.name = name
        self.contentType = contentType
        self.tag = tag
        self.index = index
        self.count = count
    }

    /// The file itself. The span is good for as long as the photograph is held; the bytes are
    /// the program's own and never move.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: a constant table; the index came from it.
            let entry = unsafe portico_demo_photograph_at(index)
            let span = unsafe Span(_unsafeStart: entry.bytes, count: entry.length)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}

/// FNV-1a of 64 bits: enough to tell two versions of a page apart, and no more than that.
struct Digest {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func of(_ text: String) -> String {
        var digest = Digest()
        for byte in text.utf8 { digest.add(byte) }
        return digest.text
    }
}
