import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Paths: normal form and patterns")
struct PathTests {
    private func normal(_ path: String) -> String {
        PathNormaliser.normalise(path: Array(path.utf8).span).span.text
    }

    static let paths: [(String, String)] = [
        ("", "/"), ("/", "/"), ("*", "*"), ("/a/b", "/a/b"), ("//a///b//", "/a/b/"),
        ("/%61%2D%2e%5F%7e", "/a-._~"),
        ("/%2f%3a%c3%a9", "/%2F%3A%C3%A9"), ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/..", "/"),
        ("/../../a", "/a"),
        ("/a/..", "/"), ("/a/.", "/a/"), ("/a/b/..", "/a/"), ("/a//../b", "/b"),
        ("/%2e%2e/%2E%2e/etc", "/etc"),
        ("/a/%2e%2e/b", "/b"), ("/...", "/..."), ("/.a/..b/c..", "/.a/..b/c.."), ("/%", "/%"),
        ("/%4", "/%4"),
        ("/%zz", "/%zz"), ("/%252e%252e/", "/%252e%252e/"), ("/%00", "/%00"),
        ("/a%2f..%2fb", "/a%2F..%2Fb"),
        ("/a;x/../b", "/b"), ("/.%2e/b", "/b"), ("/a/.%2f", "/a/.%2F"), ("a", "/a"),
    ]

    @Test(arguments: paths)
    func `a path has one normal form`(_ path: String, _ expected: String) {
        #expect(normal(path) == expected)
        #expect(normal(expected) == expected || expected.contains("%25"))
    }

    @Test func `the normal form is its own on random paths`() {
        var state: UInt64 = 42
        let parts = [
            "/", "/", ".", "..", "%2e", "%2F", "a", "B", "%", "%41", "%25", "~", ";", "%7",
        ]
        for _ in 0..<5000 {
            var path = "/"
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                path += parts[Int(state >> 33) % parts.count]
            }
            let once = normal(path)
            #expect(once.hasPrefix("/"))
            #expect(
                !once.contains("//") && !once.contains("/../") && !once.contains("/./"), "\(path)")
            #expect(!once.hasSuffix("/..") && !once.hasSuffix("/."), "\(path)")
        }
    }

    private func matches(_ pattern: String, _ path: String) -> Bool {
        PathPattern(pattern).matches(Array(path.utf8).span)
    }

    static let patterns: [(String, String, Bool)] = [
        ("/admin/*", "/admin/x/y", true), ("/admin/*", "/ADMIN/", true),
        ("/Admin/*", "/admin", false), ("*", "", true),
        ("*", "/x", true), ("", "", true), ("", "/", false), ("*.jpg", "/a/b.JPG", true),
        ("*.jpg", "/a.jpg/x", false),
        ("/a*c", "/abc", true), ("/a*c", "/ac", true), ("/a*c", "/abcd", false),
        ("*a*b*", "/xxayyb", true),
        ("*a*b*", "/xxbyya", false), ("/a**b", "/ab", true), ("/a?", "/ab", false),
        ("/a", "/a/", false),
        ("*ab", "/aab", true), ("*abab", "/abaabab", true), ("/é*", "/é/x", true),
    ]

    @Test(arguments: patterns)
    func `a star is any bytes and case does not count`(
        _ pattern: String, _ path: String, _ expected: Bool
    ) {
        #expect(matches(pattern, path) == expected)
    }

    @Test func `many stars against a long path end soon`() {
        let path = String(repeating: "a", count: 16384)
        #expect(!matches(String(repeating: "*a", count: 60) + "*b", path))
    }
}
