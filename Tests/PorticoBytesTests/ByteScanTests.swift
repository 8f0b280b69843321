import PorticoBytes
import Testing

@Suite("Searches by the word")
struct ByteScanTests {
    /// Each byte value at each place of a run of others, which tells the word from the rest.
    private func expectStop(
        on isSought: (UInt8) -> Bool, fill: UInt8, _ search: (Span<UInt8>, Int, Int) -> Int
    ) {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<19 {
                var bytes = [UInt8](repeating: fill, count: 19)
                bytes[place] = byte
                let expected = isSought(byte) ? place : 19
                #expect(search(bytes.span, 0, 19) == expected, "byte \(byte) at \(place)")
                if place > 0 { #expect(search(bytes.span, place, 19) == expected) }
                #expect(search(bytes.span, 0, place) == place)
            }
        }
    }

    @Test func `control bytes are found`() {
        for fill: UInt8 in [0x20, 0x7E, 0x80, 0xFF] {
            expectStop(on: { $0 < 0x20 || $0 == 0x7F }, fill: fill) {
                $0.firstControl(from: $1, to: $2)
            }
        }
    }

    @Test func `invisible bytes are found`() {
        for fill: UInt8 in [0x21, 0x7E] {
            expectStop(on: { $0 < 0x21 || $0 > 0x7E }, fill: fill) {
                $0.firstInvisible(from: $1, to: $2)
            }
        }
    }

    @Test func `bytes of no token are found`() {
        for fill: UInt8 in [0x2D, 0x61, 0x5A, 0x39] {
            expectStop(on: { !ASCII.isTokenByte($0) }, fill: fill) {
                $0.firstNonToken(from: $1, to: $2)
            }
        }
    }

    @Test func `a byte is found`() {
        for sought: UInt8 in [0x00, 0x23, 0x80, 0xFF] {
            expectStop(on: { $0 == sought }, fill: sought ^ 1) { bytes, start, end in
                bytes.extracting(..<end).firstIndex(of: sought, from: start) ?? end
            }
        }
    }

    @Test(arguments: [
        "TE", "Via", "Host", "Cookie", "If-Match", "Content-Length", "Strict-Transport-Security",
    ])
    func `a name equals itself in any case and nothing else`(_ text: String) {
        let names: [String: StaticString] = [
            "TE": "TE", "Via": "Via", "Host": "Host", "Cookie": "Cookie", "If-Match": "If-Match",
            "Content-Length": "Content-Length",
            "Strict-Transport-Security": "Strict-Transport-Security",
        ]
        let name = names[text]!
        #expect(Array(text.lowercased().utf8).span.equals(name: name) as Bool)
        #expect(Array(text.uppercased().utf8).span.equals(name: name) as Bool)
        for place in text.utf8.indices.indices {
            let offset = text.utf8.distance(from: text.utf8.startIndex, to: place)
            for byte in UInt8.min...UInt8.max {
                var bytes = Array(text.utf8)
                let isSame = ASCII.lowercase(bytes[offset]) == ASCII.lowercase(byte)
                bytes[offset] = byte
                let equal = bytes.span.equals(name: name)
                #expect(equal == isSame)
            }
        }
        let longer = Array((text + "x").utf8).span.equals(name: name)
        #expect(!longer)
    }
}
