import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Conditional requests (RFC 9110 §13)")
struct ConditionsTests {
    private static let day = "06 Nov 1994"
    private static let modified = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let later = "Sun, 06 Nov 1994 08:49:38 GMT"
    private static let tagged = "ETag: \"a\"\nLast-Modified: \(modified)\nDate: \(later)"

    static let rows: [(String, String, Conditions.Verdict)] = [
        ("", tagged, .proceed),
        ("If-None-Match: \"a\"", tagged, .notModified),
        ("If-None-Match: W/\"a\"", tagged, .notModified),
        ("If-None-Match: \"b,\", \"a\" , \"c\"", tagged, .notModified),
        ("If-None-Match: \"b\"\nIf-None-Match: \"a\"", tagged, .notModified),
        ("If-None-Match: *", tagged, .notModified), ("If-None-Match: *", "X: 1", .notModified),
        ("If-None-Match: \"b\"", tagged, .proceed), ("If-None-Match: a", tagged, .proceed),
        ("If-None-Match: \"a", tagged, .proceed), ("If-None-Match: \"b, \"a\"", tagged, .proceed),
        ("If-None-Match: \"a\"", "X: 1", .proceed),
        ("If-None-Match: \"a\"", "ETag: W/\"a\"", .notModified),
        ("If-None-Match: \"a\\\"", "ETag: \"a\\\"", .notModified),
        // If-None-Match alone decides (§13.1.3).
        ("If-None-Match: \"b\"\nIf-Modified-Since: \(later)", tagged, .proceed),
        ("If-Modified-Since: \(modified)", tagged, .notModified),
        ("If-Modified-Since: \(later)", tagged, .notModified),
        ("If-Modified-Since: \(earlier)", tagged, .proceed),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", tagged, .notModified),
        ("If-Modified-Since: yesterday", tagged, .proceed),
        ("If-Modified-Since: \(later)\nIf-Modified-Since: \(later)", tagged, .proceed),
        // RFC 9111 §4.3.2: Date stands for Last-Modified.
        ("If-Modified-Since: \(later)", "Date: \(modified)", .notModified),
        ("If-Modified-Since: \(earlier)", "Date: \(modified)", .proceed),
        ("If-Modified-Since: \(later)", "X: 1", .proceed),
        ("If-Match: \"a\"", tagged, .proceed), ("If-Match: *", tagged, .proceed),
        ("If-Match: \"b\"", tagged, .failed), ("If-Match: W/\"a\"", tagged, .failed),
        ("If-Match: W/\"a\"", "ETag: W/\"a\"", .failed), ("If-Match: \"a\"", "X: 1", .failed),
        ("If-Unmodified-Since: \(modified)", tagged, .proceed),
        ("If-Unmodified-Since: \(earlier)", tagged, .failed),
        ("If-Match: \"a\"\nIf-Unmodified-Since: \(earlier)", tagged, .proceed),
        ("If-Match: \"a\"\nIf-None-Match: \"a\"", tagged, .notModified),
    ]

    @Test(arguments: rows)
    func `§13.2.2 the order of conditions`(
        _ request: String, _ stored: String, _ verdict: Conditions.Verdict
    ) {
        var head = ResponseHead()
        head.fields = fields(stored)
        let now: Int64 = 1_790_000_000
        #expect(Conditions.judge(.get, fields(request), against: head, now: now) == verdict)
        // §13.2.1: an error is answered as it is.
        head.status = 404
        #expect(Conditions.judge(.get, fields(request), against: head, now: now) == .proceed)
    }

    @Test func `§13.1.2 If-None-Match fails what is no reading`() {
        var head = ResponseHead()
        head.fields = fields(Self.tagged)
        let request = fields("If-None-Match: *")
        #expect(Conditions.judge(.put, request, against: head, now: 0) == .failed)
        #expect(Conditions.judge(.head, request, against: head, now: 0) == .notModified)
    }

    @Test(arguments: [
        ("", tagged, true), ("If-Range: \"a\"", tagged, true), ("If-Range: \"b\"", tagged, false),
        ("If-Range: W/\"a\"", "ETag: W/\"a\"", false), ("If-Range: \"a\"", "X: 1", false),
        ("If-Range: \(modified)", tagged, true), ("If-Range: \(later)", tagged, false),
        ("If-Range: \(earlier)", tagged, false), ("If-Range: x", tagged, false),
        ("If-Range: \(modified)", "Last-Modified: \(modified)\nDate: \(modified)", false),
        ("If-Range: \(modified)", "Last-Modified: \(modified)", false),
    ])
    func `§13.1.5 If-Range wants a strong validator`(
        _ request: String, _ stored: String, _ applies: Bool
    ) {
        var head = ResponseHead()
        head.fields = fields(stored)
        #expect(Conditions.rangeApplies(fields(request), to: head, now: 0) == applies)
    }
}

@Suite("Byte ranges (RFC 9110 §14)")
struct ByteRangesTests {
    static let rows: [(String, Int64, ByteRanges)] = [
        ("bytes=0-0", 1000, .single(0..<1)), ("bytes=0-", 1000, .single(0..<1000)),
        ("Bytes=5-9", 1000, .single(5..<10)), ("bytes=990-2000", 1000, .single(990..<1000)),
        ("bytes=-5", 1000, .single(995..<1000)), ("bytes=-2000", 1000, .single(0..<1000)),
        ("bytes=-99999999999999999999", 1000, .single(0..<1000)),
        ("bytes=0-99999999999999999999", 1000, .single(0..<1000)),
        ("bytes= 0-1 , ", 1000, .single(0..<2)),
        ("bytes=1000-", 1000, .unsatisfiable), ("bytes=-0", 1000, .unsatisfiable),
        ("bytes=99999999999999999999-", 1000, .unsatisfiable), ("bytes=0-", 0, .unsatisfiable),
        ("bytes=-1", 0, .unsatisfiable), ("bytes=2000-,0-1", 1000, .single(0..<2)),
        ("bytes=0-9,500-509", 1000, .several([0..<10, 500..<510])),
        ("bytes=500-509,0-9", 1000, .several([500..<510, 0..<10])),
        // Close or on top of each other: each byte once.
        ("bytes=0-9,5-19", 1000, .single(0..<20)), ("bytes=0-,0-,0-", 1000, .single(0..<1000)),
        ("bytes=50-59,0-9", 1000, .single(0..<60)),
        ("bytes=500-509,0-9,505-519", 1000, .several([0..<10, 500..<520])),
        ("", 1000, .whole), ("bytes", 1000, .whole), ("bytes=", 1000, .whole),
        ("bytes=,", 1000, .whole), ("bytes=a-b", 1000, .whole), ("bytes=5", 1000, .whole),
        ("bytes=-", 1000, .whole), ("bytes=9-5", 1000, .whole), ("bytes=1 -2", 1000, .whole),
        ("bytes=1-2-3", 1000, .whole), ("bytes=--5", 1000, .whole), ("lines=0-1", 1000, .whole),
        ("bytes=0-1,x", 1000, .whole), ("bytes=+1-2", 1000, .whole),
    ]

    @Test(arguments: rows)
    func `§14.2 ranges of a body`(_ text: String, _ length: Int64, _ ranges: ByteRanges) {
        #expect(ByteRanges(fields("Range: \(text)"), length: length) == ranges)
    }

    @Test func `more than a client needs, or two lines, is no Range`() {
        let many = (0..<32).map { "\($0 * 1000)-\($0 * 1000)" }
        let list = many.joined(separator: ",")
        guard case .several(let ranges) = ByteRanges(fields("Range: bytes=\(list)"), length: 99_999)
        else {
            Issue.record("32 ranges are allowed")
            return
        }
        #expect(ranges.count == 32)
        #expect(ByteRanges(fields("Range: bytes=\(list),5-5"), length: 99_999) == .whole)
        #expect(ByteRanges(fields("Range: bytes=0-1\nRange: bytes=0-1"), length: 9) == .whole)
        #expect(ByteRanges(fields("X: 1"), length: 9) == .whole)
    }

    @Test(
        arguments: [
            ("bytes 0-9/100", ContentRange(0..<10, of: 100)),
            ("bytes 0-9/*", ContentRange(0..<10, of: nil)),
            ("bytes */100", ContentRange(nil, of: 100)),
            ("BYTES 0-0/1", ContentRange(0..<1, of: 1)),
            ("bytes */*", nil), ("bytes 9-0/100", nil), ("bytes 0-100/100", nil),
            ("bytes 0-9", nil),
            ("bytes 0-9/", nil), ("bytes -9/100", nil), ("bytes=0-9/100", nil), ("abc", nil),
            ("bytes 0-9223372036854775807/*", nil), ("bytes 0-1/99999999999999999999", nil),
            ("", nil),
        ] as [(String, ContentRange?)])
    func `§14.4 Content-Range`(_ text: String, _ range: ContentRange?) {
        let bytes = Array(text.utf8)
        let answer = ContentRange(bytes.span)
        #expect(answer == range)
        guard let range else { return }
        let again = Array(written { range.write(into: &$0) }.utf8)
        let reread = ContentRange(again.span)
        #expect(reread == range)
    }
}

@Suite("Seconds (RFC 9111 §1.2.2)")
struct DeltaSecondsTests {
    @Test(
        arguments: [
            ("0", 0), ("007", 7), ("2147483647", .max), ("2147483648", .max),
            ("99999999999999999999999999", .max), ("", nil), ("-1", nil), ("+1", nil), ("1.0", nil),
            ("1 ", nil), ("a", nil),
        ] as [(String, Int32?)])
    func `digits only, and no number is too large`(_ text: String, _ seconds: Int32?) {
        let bytes = Array(text.utf8)
        let answer = DeltaSeconds.parse(bytes.span)
        #expect(answer == seconds)
    }

    @Test(
        arguments: [
            ("Age: 5", 5), ("Age: 0, 7200", 0), ("Age: 7200, 0", 7200), ("Age: 0\nAge: 7200", 0),
            ("Age: 7200;x=1", 7200), ("Age: abc", 0), ("Age: -5", 0), ("Age: 1.5", 0), ("Age:", 0),
            ("Age: 2147483648", .max), ("X: 1", 0),
        ] as [(String, Int32)])
    func `§5.1 the first Age counts`(_ text: String, _ seconds: Int32) {
        #expect(DeltaSeconds.age(in: fields(text)) == seconds)
    }
}

@Suite("References (RFC 3986 §5.2)")
struct URIReferenceTests {
    static let rows: [(String, String?)] = [
        ("/x", "http h.test:81 /x"), ("", "http h.test:81 /a/b?q=1"),
        ("?z", "http h.test:81 /a/b?z"),
        ("x", "http h.test:81 /a/x"), ("./x", "http h.test:81 /a/x"), ("../x", "http h.test:81 /x"),
        ("../../../x", "http h.test:81 /x"), (".", "http h.test:81 /a/"),
        ("..", "http h.test:81 /"),
        ("/a/./b/../c?d#e", "http h.test:81 /a/c?d"), ("#e", "http h.test:81 /a/b?q=1"),
        ("//o.test/x", "http o.test /x"), ("https://o.test", "https o.test /"),
        ("HTTP://o.test?x", "http o.test /?x"), ("x:y", nil), ("mailto:a@b", nil),
        ("http:x", nil), ("http://u@h/", nil), ("http://a b/", nil), ("///x", nil),
        ("1:2", nil), (":x", "http h.test:81 /a/:x"),
    ]

    @Test(arguments: rows)
    func `Location and its like, resolved`(_ text: String, _ expected: String?) {
        var head = RequestHead()
        let start = Array("h.test:81/a/bq=1".utf8)
        _ = head.fields.adopt(start.span)
        head.authority = ByteRange(0, 9)
        head.path = ByteRange(9, 13)
        head.query = ByteRange(13, 16)
        let reference = URIReference(Array(text.utf8).span, relativeTo: head, isHTTPS: false)
        let shown = reference.map { reference in
            let query = reference.query.map { "?" + $0.span.text } ?? ""
            return "\(reference.isHTTPS ? "https" : "http") \(reference.authority.span.text) "
                + reference.path.span.text + query
        }
        #expect(shown == expected)
    }
}
