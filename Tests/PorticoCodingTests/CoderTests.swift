import PorticoBytes
import PorticoCoding
import PorticoHTTP
import Testing

@Suite struct CoderTests {
    /// Words in an order that repeats, but not at once.
    static let text: [UInt8] = {
        var seed: UInt32 = 7
        let words = ["price", "<li>", "</li>", "class=", "\"item\"", " ", "9.99", "\n"]
        var bytes: [UInt8] = []
        while bytes.count < 200_000 {
            seed = seed &* 1_664_525 &+ 1_013_904_223
            bytes += Array(words[Int(seed >> 24) % words.count].utf8)
        }
        return bytes
    }()

    static func made(_ coder: consuming Coder?) throws -> Coder {
        switch consume coder {
        case .some(let coder): return coder
        case .none: throw OutOfMemory()
        }
    }

    struct OutOfMemory: Error {}

    static func encode(_ bytes: [UInt8], _ coding: ContentCoding, cut: Int = .max) throws -> [UInt8]
    {
        var encoder = try Self.made(Coder(encoding: coding, level: 4, size: nil))
        return try run(&encoder, bytes, cut: cut)
    }

    static func run(
        _ coder: inout Coder, _ bytes: [UInt8], cut: Int = .max
    ) throws(Coder.Fault) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = start + min(cut, bytes.count - start)
            try coder.run(.go, bytes.span.extracting(start..<end)) { piece throws(Coder.Fault) in
                result += piece.array
            }
            start = end
        }
        try coder.run(.finish, [UInt8]().span) { piece throws(Coder.Fault) in
            result += piece.array
        }
        return result
    }

    @Test(arguments: ContentCoding.allCases)
    func whatWasEncodedIsDecoded(_ coding: ContentCoding) throws {
        for cut in [1, 7, 4096, Int.max] {
            let bytes = cut == 1 ? Array(Self.text.prefix(3000)) : Self.text
            let coded = try Self.encode(bytes, coding, cut: cut)
            #expect(coded.count < bytes.count)
            var decoder = try Self.made(Coder(decoding: coding))
            #expect(try Self.run(&decoder, coded, cut: cut) == bytes)
        }
    }

    @Test(arguments: ContentCoding.allCases)
    func nothingIsEncodedAsAnEmptyStream(_ coding: ContentCoding) throws {
        let coded = try Self.encode([], coding)
        #expect(!coded.isEmpty)
        var decoder = try Self.made(Coder(decoding: coding))
        #expect(try decoder.whole(coded.span) == [])
    }

    /// What was flushed can be read before the stream goes on.
    @Test(arguments: ContentCoding.allCases)
    func aFlushMakesAllReadable(_ coding: ContentCoding) throws {
        var encoder = try Self.made(Coder(encoding: coding, level: 4, size: nil))
        var decoder = try Self.made(Coder(decoding: coding))
        for round in 1...3 {
            let event = Array("data: event \(round)\n\n".utf8)
            var coded: [UInt8] = []
            try encoder.run(.flush, event.span) { piece throws(Coder.Fault) in
                coded += piece.array
            }
            var plain: [UInt8] = []
            try decoder.run(.go, coded.span) { piece throws(Coder.Fault) in plain += piece.array }
            #expect(plain == event)
        }
    }

    @Test(arguments: ContentCoding.allCases)
    func aCutStreamIsMalformed(_ coding: ContentCoding) throws {
        let coded = try Self.encode(Array(Self.text.prefix(2000)), coding)
        for end in 1..<coded.count {
            var decoder = try Self.made(Coder(decoding: coding))
            #expect(throws: Coder.Fault.malformed) {
                try decoder.whole(coded.span.extracting(..<end))
            }
        }
    }

    @Test(arguments: ContentCoding.allCases)
    func whatIsNoStreamIsMalformed(_ coding: ContentCoding) throws {
        var decoder = try Self.made(Coder(decoding: coding))
        let garbage = Array("this is no coded stream, whatever it says".utf8)
        #expect(throws: Coder.Fault.malformed) { try decoder.whole(garbage.span) }
    }

    /// A bomb: a thousandfold and more.
    @Test(arguments: ContentCoding.allCases)
    func aBombEndsAtTheLimit(_ coding: ContentCoding) throws {
        let coded = try Self.encode([UInt8](repeating: 0x20, count: 8 << 20), coding)
        #expect(coded.count < 16 << 10)
        var decoder = try Self.made(Coder(decoding: coding))
        #expect(throws: Coder.Fault.tooLarge) {
            try decoder.whole(coded.span, limit: 1 << 20)
        }
    }

    @Test func severalMembersAreOneStream() throws {
        let first = try Self.encode(Array("first, ".utf8), .gzip)
        let second = try Self.encode(Array("second".utf8), .gzip)
        var decoder = try Self.made(Coder(decoding: .gzip))
        #expect(try decoder.whole((first + second).span) == Array("first, second".utf8))
    }
}
