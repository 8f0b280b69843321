import HTTP1Properties
import Testing

/// Random changes of ordinary messages, held against what holds for every input. The same in each
/// run; the fuzzers of Tests/Fuzz go further.
@Suite("Readers on mutated messages")
struct MutationTests {
    @Test func `request heads`() {
        var mutation = Mutation(seeds: [
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "\r\nPOST http://h:80/a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
            "OPTIONS * HTTP/1.0\r\nConnection: close, te\r\nTransfer-Encoding: chunked\r\n\r\n",
            "PUT /%41?x HTTP/1.1\r\nHost: [::1]:80\r\nX-Y:\ta b\t\r\nExpect: 100-continue\r\n\r\n",
        ])
        for _ in 0..<12000 {
            let (input, cut) = mutation.next()
            let violation = RequestProperties.violation(by: input, cut: cut)
            #expect(violation == nil, "\(input)")
        }
    }

    @Test func `response heads`() {
        var mutation = Mutation(seeds: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.0 304\r\nETag: \"a\"\r\n\r\n",
            "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0, 0\r\nContent-Length: 0\r\n\r\n",
        ])
        for _ in 0..<12000 {
            let (input, cut) = mutation.next()
            let violation = ResponseProperties.violation(by: input, cut: cut)
            #expect(violation == nil, "\(input)")
        }
    }

    @Test func `bodies`() {
        var mutation = Mutation(seeds: [
            "5\r\nhello\r\n0\r\n\r\nGET", "1;a=b\r\nx\r\n00 ;c\r\nX-T: 1\r\nHost: h\r\n\r\n",
            "0\r\nA: b\r\n\r\n",
            "a\r\n0123456789\r\n3\r\nabc\r\n0\r\n\r\n", "FFFFFFFF\r\n",
        ])
        for _ in 0..<8000 {
            let (input, cut) = mutation.next()
            let violation = BodyProperties.violation(by: input, cut: cut)
            #expect(violation == nil, "\(input)")
        }
    }
}

/// Seeds with a few bytes changed, dropped, doubled or spliced.
struct Mutation {
    private let seeds: [[UInt8]]
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    /// What parsers stumble over.
    private let awkward: [UInt8] = bytes("\r\n\r\n \t\0:;,.0aFf/*?#-\u{80}\u{ff}\u{7f}\u{b}")

    init(seeds: [String]) { self.seeds = seeds.map { bytes($0) } }

    mutating func next() -> (input: [UInt8], cut: Int) {
        var input = seeds[below(seeds.count)]
        for _ in 0...below(3) {
            let position = below(input.count)
            switch below(6) {
            case 0: input[position] = awkward[below(awkward.count)]
            case 1: input.insert(awkward[below(awkward.count)], at: position)
            case 2: input.remove(at: position)
            case 3: input[position] ^= 1 << UInt8(below(8))
            case 4:
                let end = min(input.count, position + 1 + below(20))
                input.insert(contentsOf: input[position..<end], at: below(input.count))
            default:
                let other = seeds[below(seeds.count)]
                input = Array(input[..<position] + other[below(other.count)...])
            }
            if input.isEmpty { input = [0x0D] }
        }
        return (input, below(input.count + 1))
    }

    private mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}
