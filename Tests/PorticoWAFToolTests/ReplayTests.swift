import PorticoBytes
import PorticoSecLang
import PorticoWAF
import Testing

@testable import PorticoWAFTool

@Suite("Access logs")
struct AccessLogTests {
    @Test func `both formats are read, other lines are counted`() throws {
        let log = AccessLog(
            Array(
                """
                192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /a?b=\\"c\\x41 HTTP/1.1" 200 5 "-" "UA \\"x\\""
                {"client_ip":"::1","host":"h","method":"POST","uri":"/p","status":404,"user_agent":"U"}

                nonsense
                {"method":"GET"}
                192.0.2.1 - - [x] "" 400 0 "-" "-"
                """.utf8))
        #expect(log.unreadable == [4, 5, 6])
        #expect(log.entries.map(\.line) == [1, 2])
        let first = log.entries[0].entry
        #expect(string(first.target) == "/a?b=\"cA" && first.path == "/a")
        #expect(string(first.userAgent) == "UA \"x\"" && first.referer.isEmpty)
        #expect(first.status == 200 && first.client == "192.0.2.1")
        let second = log.entries[1].entry.request(host: "other", name: "n")
        #expect(
            string(second.bytes)
                == "POST /p HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nUser-Agent: U\r\n\r\n")
    }

    @Test func `no field of a line becomes a line of a head`() {
        let log = AccessLog(
            Array(#"{"method":"GET","uri":"/","user_agent":"a\r\nX: y","referer":"\n"}"#.utf8))
        #expect(
            string(log.entries[0].entry.request(host: "h", name: "").bytes)
                == "GET / HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nUser-Agent: aX: y\r\n\r\n")
        #expect(
            AccessLog(Array(#"{"method":"GET","uri":"/ HTTP/1.1\r\nX: y"}"#.utf8)).entries.isEmpty)
    }

    @Test func `a log cut anywhere is read without a trap`() {
        let whole = Array(#"1.2.3.4 - - [t] "GET /\x4 HTTP/1.1" 200 5 "r\" "u\"#.utf8)
        for cut in 0...whole.count { #expect(AccessLog(Array(whole[..<cut])).entries.count <= 1) }
    }
}

@Suite("Replaying a log")
struct ReplayTests {
    private func replay(_ rules: String, _ targets: [String], limit: Int = 5) async throws -> Replay
    {
        let book = try RuleBook(["r.conf"], files: RuleFiles(["r.conf": rules]))
        let lines = targets.map { #"{"method":"GET","uri":"\#($0)","status":200}"# }
        let log = AccessLog(Array(lines.joined(separator: "\n").utf8))
        return await Replay.run(
            log, book, WAFSettings(name: "t"), host: "h", limit: limit, workers: 2)
    }

    @Test func `the most frequent cause comes first, with what would silence it`() async throws {
        let replay = try await replay(
            "SecRule ARGS \"@contains or\" \"id:7,phase:2,deny,log,msg:'Or'\"",
            ["/s?q=or", "/s?q=more", "/s?other=or", "/s?q=and", "/"])
        #expect(replay.count == 5 && replay.blocked == 3)
        let cause = try #require(replay.causes.first)
        #expect(cause.rule == 7 && cause.variable == "ARGS:q" && cause.count == 2)
        #expect(cause.goodCount == 2 && cause.silenced == 2)
        #expect(replay.left == 0)
        #expect(
            cause.proposal?.toml == """
                [[site.route]]
                path = "/s"
                [[site.route.waf_exclude]]
                rules = [7]
                targets = ["ARGS:q"]
                """)
    }

    @Test func `what is proposed in SecLang works before the rules`() async throws {
        let rules = "SecRule ARGS \"@contains or\" \"id:7,phase:2,deny,log\""
        let first = try await replay(rules, ["/s/a?q=or", "/s/b?q=or"])
        let proposal = try #require(first.causes.first?.proposal)
        #expect(proposal.path == "/s/*")
        let second = try await replay(
            proposal.secLang(id: 9_900_001) + "\n" + rules,
            ["/s/a?q=or", "/s/b?q=or", "/x?q=or"])
        #expect(second.blocked == 1)
    }

    @Test func `rules that add up scores are no causes`() async throws {
        let replay = try await replay(
            """
            SecRule ARGS "@contains or" "id:7,phase:2,pass,log,setvar:tx.anomaly_score=+5"
            SecRule TX:anomaly_score "@ge 5" "id:949110,phase:2,deny,log"
            """, ["/?q=or"])
        #expect(replay.causes.map(\.rule) == [7])
        #expect(replay.causes[0].silenced == 1)
    }

    @Test(
        arguments: [
            (["/a/b", "/a/c"], "/a/*"), (["/a", "/b"], "*"), (["/a\"b"], "*"), (["/x"], "/x"),
            ([], "*"),
            (["/é"], "*"),
        ] as [([String], String)])
    func `the path is as narrow as what was seen`(_ paths: [String], _ path: String) {
        #expect(ExclusionProposal(rule: 1, variable: "ARGS:a", paths: paths).path == path)
    }

    @Test(arguments: ["ARGS:a\"b", "ARGS:a;b", "ARGS:a b", "ARGS:a,b", ""])
    func `a name that cannot be pasted excludes the whole rule`(_ variable: String) {
        let proposal = ExclusionProposal(rule: 1, variable: variable, paths: ["/"])
        #expect(proposal.target == nil)
        #expect(proposal.secLang(id: 2).contains("ctl:ruleRemoveById=1"))
    }
}
