import PorticoBytes
import PorticoHTTP
import PorticoHTTP1

// Nanoseconds for one head, the best of several runs: `swift run -c release PorticoBench`.

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The best of seven runs of `count` rounds each.
func measure(_ name: String, bytes size: Int, count: Int = 200_000, _ round: () -> Void) {
    if let wanted = CommandLine.arguments.dropFirst().first, !name.contains(wanted) { return }
    let clock = ContinuousClock()
    var best = Duration.seconds(60)
    for _ in 0..<7 {
        best = min(best, clock.measure { for _ in 0..<count { round() } })
    }
    let tenths = best.nanoseconds * 10 / UInt64(count)
    print("\(name) (\(size) bytes): \(tenths / 10).\(tenths % 10) ns")
}

let request = bytes(
    """
    GET /catalog/product/view/id/4711?color=blue&size=42 HTTP/1.1\r
    Host: shop.example.test\r
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
    Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r
    Accept-Language: en-US,en;q=0.5\r
    Accept-Encoding: gzip, deflate, br\r
    Connection: keep-alive\r
    Referer: https://shop.example.test/\r
    Cookie: a=b; c=d\r
    Upgrade-Insecure-Requests: 1\r
    X-Cart: 12345\r
    \r

    """)
let response = bytes(
    """
    HTTP/1.1 200 OK\r
    Date: Sun, 06 Nov 1994 08:49:37 GMT\r
    Content-Type: text/html; charset=utf-8\r
    Content-Length: 1024\r
    Cache-Control: public, max-age=3600\r
    ETag: "5f3a-17"\r
    Vary: Accept-Encoding\r
    Surrogate-Key: product-4711 category-12 home\r
    \r

    """)
let chunks = bytes(
    String(repeating: "400\r\n" + String(repeating: "x", count: 1024) + "\r\n", count: 64)
        + "0\r\n\r\n")

/// Local variables, since access to global ones is checked at run time.
func run() {
    var sum = 0
    measure("look at each byte for the end", bytes: request.count) {
        let span = request.span
        var index = 0
        while index < span.count, span[index] != 0 { index &+= 1 }
        sum &+= index
    }

    var head = RequestHead()
    var reader = RequestReader(limits: HeadLimits())
    measure("read a request head of 10 lines", bytes: request.count) {
        reader.reset()
        if case .head(let consumed)? = try? reader.read(request.span, into: &head) {
            sum &+= consumed
        }
    }
    measure("judge its framing and connection", bytes: request.count) {
        if (try? head.bodyFraming()) == BodyFraming.none, head.keepsAlive { sum &+= 1 }
    }
    var buffer = Buffer(capacity: 4096)
    measure("write it", bytes: request.count) {
        buffer.removeAll()
        HeadWriter.writeRequest(head, into: &buffer)
        sum &+= buffer.count
    }

    var answer = ResponseHead()
    var responses = ResponseReader(limits: HeadLimits())
    measure("read a response head of 7 lines", bytes: response.count) {
        responses.reset()
        if case .head(let consumed)? = try? responses.read(response.span, into: &answer) {
            sum &+= consumed
        }
    }
    measure("write it", bytes: response.count) {
        buffer.removeAll()
        HeadWriter.writeResponse(answer, into: &buffer)
        sum &+= buffer.count
    }
    measure("read 64 chunks of 1 KiB", bytes: chunks.count, count: 20_000) {
        var body = BodyReader(.chunked, limit: .max, trailerLimits: HeadLimits())
        var start = 0
        while case .data(let range, let consumed)? = try? body.read(
            chunks.span.extracting(start...))
        {
            sum &+= range.count
            start += consumed
        }
    }
    if sum == 0 { print("nothing was measured") }
}

if CommandLine.arguments.contains("cache") {
    CacheBench(count: 1_000_000, memory: 8 << 30).runAtSize()
} else if CommandLine.arguments.contains("waf") {
    FunctionsBench.run()
} else if CommandLine.arguments.contains("rates") {
    RateBench().run()
} else if CommandLine.arguments.contains("churn") {
    // A process of its own, because what the other one frees would be found again.
    CacheBench(count: 0, memory: 512 << 20).churn()
} else if CommandLine.arguments.dropFirst().first == "coding" {
    CodingBench(Array(CommandLine.arguments.dropFirst(2))).run()
} else if CommandLine.arguments.contains("zipf") {
    EvictionBench().run()
} else if CommandLine.arguments.dropFirst().first == "disk", CommandLine.arguments.count == 3 {
    let folder = CommandLine.arguments[2]
    try DiskBench(folder: folder, count: 1_000_000, disk: 4 << 30)?.run()
} else {
    run()
}
