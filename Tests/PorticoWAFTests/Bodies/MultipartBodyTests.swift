import PorticoBytes
import PorticoWAF
import Testing

@Suite("Multipart bodies (RFC 7578)")
struct MultipartBodyTests {
    private static let type = "multipart/form-data; boundary=BB"

    private func read(
        _ text: String, type: String = type, limits: BodyLimits = BodyLimits(), files: Int = 100
    ) -> (MultipartBody, BodyFault?) {
        var body = MultipartBody()
        do throws(BodyFault) {
            try body.read(
                Array(text.utf8).span, contentType: Array(type.utf8).span, limits: limits,
                files: files)
            return (body, nil)
        } catch {
            return (body, error)
        }
    }

    private func part(_ disposition: String, _ content: String = "x") -> String {
        "--BB\r\nContent-Disposition: form-data; \(disposition)\r\n\r\n\(content)\r\n--BB--\r\n"
    }

    private static let plain = """
        --BB\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\ntwo\r\n--BB\r
        content-disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r
        data\r\n--BB--\r\n
        """

    @Test func `fields, files and header lines are told apart`() {
        let (body, fault) = read(Self.plain)
        #expect(fault == nil)
        #expect(body.fields.texts == ["a=one\r\ntwo"])
        #expect(body.files.texts == ["f=x.txt"])
        #expect(body.fileBytes == 4)
        #expect(
            body.headers.texts == [
                "a=Content-Disposition: form-data; name=\"a\"",
                "f=content-disposition: form-data; name=\"f\"; filename=\"x.txt\"",
                "f=Content-Type: text/plain",
            ])
        #expect(!body.flags.isStrictError)
        #expect(body.flags == .crlfLine)
    }

    @Test func `an empty field, an empty file and a body without parts are whole`() {
        let empty = read("--BB\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--BB--\r\n")
        #expect(empty.0.fields.texts == ["a="])
        #expect(empty.1 == nil)
        #expect(read("--BB--\r\n").1 == nil)
        #expect(read(part("name=\"a\"; filename=\"\"")).0.files.texts == ["a="])
    }

    @Test(
        arguments: [
            ("x\r\n", "", .dataBefore), ("", "x", .dataAfter), ("", "\r\n", .dataAfter),
        ] as [(String, String, MultipartFlags)])
    func `bytes around the parts are flagged`(
        _ before: String, _ after: String, _ flag: MultipartFlags
    ) {
        let (body, fault) = read(before + part("name=\"a\"") + after)
        #expect(fault == nil)
        #expect(body.flags.contains(flag))
        #expect(body.flags.isStrictError)
    }

    @Test func `line ends of LF alone are flagged, and mixed ones`() {
        let feeds = part("name=\"a\"").unicodeScalars.filter { $0 != "\r" }
        let (lines, none) = read(String(String.UnicodeScalarView(feeds)))
        #expect(none == nil)
        #expect(lines.fields.texts == ["a=x"])
        #expect(lines.flags == .lfLine)
        #expect(lines.flags.isStrictError)
        let mixed = read("--BB\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--BB--\r\n").0
        #expect(mixed.flags.hasMixedLines)
    }

    @Test(
        arguments: [
            ("multipart/form-data; boundary=\"BB\"", .boundaryQuoted),
            ("multipart/form-data; boundary= BB", .boundaryWhitespace),
            ("multipart/form-data; boundary =BB", .boundaryWhitespace),
            ("multipart/form-data boundary=BB", .missingSemicolon),
        ] as [(String, MultipartFlags)])
    func `an odd Content-Type is flagged and read`(_ type: String, _ flag: MultipartFlags) {
        let (body, fault) = read(Self.plain, type: type)
        #expect(fault == nil)
        #expect(body.flags.subtracting(.crlfLine) == flag)
        #expect(body.flags.isStrictError)
        #expect(body.fields.count == 1)
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"BB",
        "multipart/form-data; boundary=BB; boundary=CC", "multipart/form-data; Boundary=BB",
        "multipart/form-data; boundary=B\"B", "multipart/form-data; boundary=B@B",
        "multipart/form-data; xboundary=BB", "multipart/form-data, boundary=BB",
        "multipart/form-data; x=\"boundary=CC\"; boundary=BB", "multipart/form-data; boundary",
        "multipart/form-data; boundary=\"BB\\\"\"",
    ])
    func `without one sound boundary nothing is read`(_ type: String) {
        let (body, fault) = read(Self.plain, type: type)
        #expect(fault?.kind == .badBoundary)
        #expect(body.flags.isStrictError)
        #expect(body.fields.isEmpty)
    }

    @Test(
        arguments: [
            ("name=\"a\\\"b\"", "a\"b", []), ("name=\"a\\b\"", "a\\b", []), ("name=a", "a", []),
            ("name=\"it's\"", "it's", []), ("name='a'", "a", .invalidQuoting),
            ("name=\"a\" filename=\"b\"", nil, .missingSemicolon), ("name=\"a\";", "a", []),
            ("name=a'b", "a'b", .invalidQuoting), ("name=\"\"", "", []),
        ] as [(String, String?, MultipartFlags)])
    func `names are unquoted`(_ disposition: String, _ name: String?, _ flags: MultipartFlags) {
        let (body, fault) = read(part(disposition))
        #expect(fault == nil)
        if let name { #expect(body.fields.texts == [name + "=x"]) }
        #expect(body.flags.subtracting(.crlfLine) == flags)
    }

    @Test(arguments: [
        "filename=\"x\"", "name=\"a\"; name=\"b\"", "name=\"a\"; filename*=UTF-8''x",
        "name=\"a\"; filename=\"b\"; filename=\"c\"", "name=\"a", "NAME=\"a\"", "name=", "name",
        "name=\"a\"; size=1",
    ])
    func `a part without one sound name is invalid`(_ disposition: String) {
        let (body, fault) = read(part(disposition))
        #expect(fault?.kind == .badPart)
        #expect(body.flags.contains(.invalidPart))
    }

    @Test(
        arguments: [
            ("--BB\r\nX: y\r\n\r\nx\r\n--BB--\r\n", .badPart),
            ("--BB\r\nContent-Disposition\r\n\r\nx\r\n--BB--\r\n", .badPart),
            ("--BB\r\n : y\r\n\r\nx\r\n--BB--\r\n", .badPart),
            ("--BB\r\nA: y\r\na: y\r\n\r\nx\r\n--BB--\r\n", .badPart),
            ("--BB\r\nA\u{1}: y\r\n\r\nx\r\n--BB--\r\n", .badPart),
            ("--BB\r\n--BB--\r\n", .badPart), ("--BBx\r\n", .malformed),
            ("--BB-- x\r\n", .malformed),
            ("-- BB\r\n", .malformed), ("--\"BB\"\r\n", .malformed),
            ("--BB--\r\n--BB--\r\n", .malformed),
            ("", .unfinished), ("--BB", .unfinished), ("--BB-", .unfinished),
            ("--BB\r\nA: b", .unfinished),
        ] as [(String, BodyFault.Kind)])
    func `what servers would read differently is a fault`(
        _ text: String, _ kind: BodyFault.Kind
    ) {
        #expect(read(text).1?.kind == kind)
    }

    @Test func `a folded header is read and flagged`() {
        let (body, fault) = read(
            "--BB\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\nx\r\n--BB--\r\n")
        #expect(fault == nil)
        #expect(body.fields.texts == ["a=x"])
        #expect(body.flags.contains(.headerFolding))
    }

    @Test func `a line that looks like another boundary is noticed, a ruler is not`() {
        #expect(read(part("name=\"a\"", "--CC1\r\ny")).0.flags.contains(.unmatchedBoundary))
        #expect(!read(part("name=\"a\"", "--CC1\r\ny")).0.flags.isStrictError)
        #expect(
            !read(part("name=\"a\"", "------\r\n-- me\r\n--")).0.flags.contains(.unmatchedBoundary))
    }

    @Test func `files and parts are limited`() {
        let file = "--BB\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nx\r\n"
        let many = String(repeating: file, count: 5) + "--BB--\r\n"
        #expect(read(many, files: 4).0.flags.contains(.fileLimitExceeded))
        var limits = BodyLimits()
        limits.pairs = 3
        #expect(read(many, limits: limits).1?.kind == .tooManyPairs)
        limits.pairs = 1000
        limits.bytes = 100
        #expect(read(many, limits: limits).1?.kind == .tooLarge)
    }

    @Test func `a body cut anywhere is unfinished, and what is there is read`() {
        let bytes = Array(Self.plain.utf8)
        // Without the line break behind the last boundary it is whole.
        for cut in 0..<(bytes.count - 2) {
            let (body, fault) = read(String(decoding: bytes[..<cut], as: UTF8.self))
            #expect(fault?.kind == .unfinished || fault?.kind == .malformed, "cut at \(cut)")
            #expect(cut < 80 || body.fields.count + body.files.count > 0, "cut at \(cut)")
        }
    }

    @Test func `any change of a body ends within its memory`() {
        let bytes = Array(Self.plain.utf8)
        var random = SmallRandom(seed: 11)
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0...random.below(4) {
                let place = random.below(changed.count)
                switch random.below(3) {
                case 0: changed[place] = Array("-B\r\n\"';:= \\\u{0}".utf8)[random.below(12)]
                case 1: changed.remove(at: place)
                default: changed.insert(Array("-B\r\n\"'".utf8)[random.below(6)], at: place)
                }
            }
            var body = MultipartBody()
            try? body.read(changed.span, contentType: Array(Self.type.utf8).span)
            #expect(body.fields.bytes.count + body.headers.bytes.count < 3 * changed.count)
        }
    }
}
