import PorticoBytes
import PorticoHTTP

@testable import PorticoCache

/// Fields from lines such as "Age: 1", one a line. "@-10" stands for the date ten seconds before
/// `PolicyClock.date`.
func fields(_ text: String) -> Fields {
    var fields = Fields()
    for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = Array(parts[1].drop { $0 == " " }.utf8)
        if value.first == 0x40, let offset = Int64(String(decoding: value[1...], as: UTF8.self)) {
            var buffer = Buffer()
            HTTPDate.write(PolicyClock.date + offset, into: &buffer)
            value = buffer.bytes.array
        }
        fields.append(name: Array(parts[0].utf8).span, value: value.span)
    }
    return fields
}

/// A request for a URL such as "http://h/p?q".
func request(_ url: String = "http://h.test/", _ lines: String = "", _ method: Method = .get)
    -> RequestHead
{
    var head = RequestHead()
    head.method = method
    let rest = Array(url.utf8.drop { $0 != 0x2F }.dropFirst(2))
    let slash = rest.firstIndex { $0 == 0x2F || $0 == 0x3F } ?? rest.count
    let mark = rest.firstIndex(of: 0x3F)
    head.fields = fields(lines)
    let base = head.fields.adopt(rest.span)
    head.authority = ByteRange(base, base + slash)
    head.path = ByteRange(base + slash, base + (mark ?? rest.count))
    head.query = mark.map { ByteRange(base + $0 + 1, base + rest.count) }
    return head
}

func response(_ lines: String, _ status: UInt16 = 200) -> ResponseHead {
    var head = ResponseHead(status: status)
    head.fields = fields(lines)
    return head
}

func shown(_ fields: Fields) -> [String] {
    (0..<fields.count).map { "\(fields.name(at: $0).text): \(fields.value(at: $0).text)" }
}

/// What one request and its response leave in the cache, on a clock that begins at 1000 seconds.
struct PolicyClock {
    /// Unix seconds at the moment `at(0)`.
    static let date: Int64 = 1_790_000_000

    static func at(_ seconds: Double) -> Instant {
        Instant(nanoseconds: UInt64((1000 + seconds) * 1_000_000_000))
    }

    var settings = CacheSettings()
    var delay = 0.0

    func judge(_ request: RequestHead, _ response: ResponseHead) -> Storability {
        let times = FetchTimes(
            requested: PolicyClock.at(-delay), received: PolicyClock.at(0),
            receivedDate: PolicyClock.date)
        return Storability.judge(
            request, RequestRules(request, .obeys), response, times: times, settings: settings,
            isHTTPS: false)
    }

    func rules(_ lines: String, _ status: UInt16 = 200) -> StoredRules? {
        guard case .store(let rules) = judge(request(), response(lines, status)) else { return nil }
        return rules
    }

    func reason(_ lines: String, _ status: UInt16 = 200, asked: RequestHead = request())
        -> Storability.Reason?
    {
        guard case .no(let reason) = judge(asked, response(lines, status)) else { return nil }
        return reason
    }
}
