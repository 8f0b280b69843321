import Glibc
import PorticoLoop
import StrictJSON
import Testing

@testable import PorticoServer

@Suite("The daemon's firewall", .ownThreads)
struct FirewallTests {
    private static let rules = """
        SecRequestBodyAccess On
        SecResponseBodyAccess On
        SecRule REQUEST_URI|ARGS "@rx (?i)union\\s+select|<script|/etc/passwd" \\
            "id:1,phase:2,t:none,t:urlDecodeUni,deny,status:403,msg:'injection',severity:2"
        SecRule RESPONSE_BODY "@contains database error" "id:2,phase:4,deny,status:500"
        SecRule REQUEST_HEADERS:X-Seen "@streq yes" "id:3,phase:1,pass,log,msg:'seen'"

        """

    private func daemon(
        _ origin: Origin, _ rules: String = Self.rules, waf: String = "", more: String = ""
    ) throws -> Daemon {
        let folder = try ScratchFolder()
        try folder.write("a.conf", rules)
        return try Daemon(Self.settings(origin, waf: waf, more: more), in: folder)
    }

    private static func settings(
        _ origin: Origin, waf: String = "", more: String = ""
    ) -> Settings {
        var settings = Settings(
            origin,
            more: "[waf.main]\nrules = [\"a.conf\"]\nlog = \"waf.jsonl\"\n"
                + "response_body = \"64KiB\"\n\(waf)\n\(more)")
        settings.log = "access = \"stdout\""
        return settings
    }

    private static func text(of path: String) -> String {
        String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self)
    }

    /// The records so far, once there are as many.
    private func records(_ daemon: Daemon, _ count: Int) throws -> [JSON] {
        var lines: [String] = []
        try daemon.wait(for: "\(count) records") {
            let text = Self.text(of: daemon.folder["waf.jsonl"])
            lines = text.split(separator: "\n").map(String.init)
            return lines.count >= count && text.hasSuffix("\n")
        }
        return try lines.map { try JSON($0) }
    }

    @Test func `attacks are answered with 403, recorded and counted`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        #expect(try wire.get("/").body == "hello")
        let blocked = try wire.get("/?q=1+union+select+2")
        #expect(blocked.status == 403)
        // The record is there before the answer.
        let record = try records(daemon, 1)[0]
        #expect(record["action"] == .string("blocked") && record["status"] == .number(403))
        #expect(record["engine"] == .string("main") && record["mode"] == .string("block"))
        #expect(record["client_ip"] == .string("127.0.0.1"))
        #expect(record["request_id"]?.text == blocked.head["x-request-id"])
        #expect(try daemon.metric("portico_waf_requests_total{result=\"blocked\"}") == 1)
        #expect(try daemon.metric("portico_waf_requests_total{result=\"pass\"}") == 1)
        #expect(try daemon.metric("portico_waf_inspection_seconds_count") == 2)
        _ = try daemon.command.outputLine(with: "\"waf\":\"pass\"")
        _ = try daemon.command.outputLine(with: "\"waf\":\"blocked\"")
    }

    @Test func `large bodies are inspected elsewhere and arrive whole`() throws {
        let origin = try Origin { try $0.answer(200, "\($0.bodyCount)") }
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        let good = "a=" + String(repeating: "x", count: 60_000)
        let head =
            "POST /a HTTP/1.1\r\nHost: shop.example\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\n"
        try wire.send(head + "Content-Length: \(good.utf8.count)\r\n\r\n" + good)
        let answer = try wire.response()
        #expect(answer.status == 200 && answer.body == "\(good.utf8.count)")
        let evil = good + "&b=%3Cscript%3E"
        try wire.send(head + "Content-Length: \(evil.utf8.count)\r\n\r\n" + evil)
        #expect(try wire.response().status == 403)
    }

    @Test func `what is larger than the inspected part is refused`() throws {
        let origin = try Origin.echo()
        let daemon = try daemon(
            origin, Self.rules + "SecRequestBodyLimitAction Reject\n",
            waf: "request_body = \"1KiB\"")
        let wire = try daemon.connect()
        let body = String(repeating: "x", count: 3000)
        try wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n" + body)
        #expect(try wire.response().status == 413)
    }

    @Test func `an answer that gives too much away does not leave`() throws {
        let origin = try Origin { call in
            try call.answer(200, "a database error", fields: ["Content-Type: text/html"])
        }
        let daemon = try daemon(origin)
        let answer = try daemon.connect().get("/")
        #expect(answer.status == 500 && !answer.body.contains("database"))
    }

    @Test func `rules see what the parser refuses`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        try wire.send("GET / HTTP/1.1\r\nHost: a\r\nX-Seen: yes\r\nbroken line\r\n\r\n")
        #expect(try wire.response().status == 400)
        #expect(try records(daemon, 1)[0]["rules"]?[0]?["id"] == .number(3))
        let framed = try daemon.connect()
        try framed.send(
            "POST / HTTP/1.1\r\nHost: a\r\nX-Seen: yes\r\nContent-Length: 1\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n")
        #expect(try framed.response().status == 400)
        #expect(try records(daemon, 2).count == 2)
        let nameless = try daemon.connect()
        try nameless.send("GET / \r\n\r\n")
        #expect(try nameless.textToEnd() == "")
    }

    @Test func `rules are read anew, and broken ones leave the old in force`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        #expect(try wire.get("/?q=%3Cscript%3E").status == 403)
        try daemon.folder.write("a.conf", "SecRule ARGS \"@xr a\" \"id:1,phase:2,deny\"\n")
        daemon.command.signal(SIGHUP)
        let line = try daemon.command.line(with: "reload: ")
        #expect(line.contains("a.conf:1:") && line.contains("@xr"))
        _ = try daemon.command.line(with: "by SIGHUP")
        #expect(try wire.get("/?q=%3Cscript%3E").status == 403)
        try daemon.folder.write(
            "a.conf", "SecRule ARGS \"@contains new\" \"id:1,phase:2,deny,status:406\"\n")
        #expect(try daemon.reload())
        try daemon.wait(for: "the new rules") { try wire.get("/?q=new").status == 406 }
        #expect(try wire.get("/?q=%3Cscript%3E").status == 200)
    }

    @Test func `records go on into a new file`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        _ = try wire.get("/", "X-Seen: yes")
        _ = try records(daemon, 1)
        let path = daemon.folder["waf.jsonl"]
        #expect(unsafe rename(path, path + ".1") == 0)
        daemon.command.signal(SIGUSR1)
        try daemon.wait(for: "the new file") {
            _ = try wire.get("/", "X-Seen: yes")
            return !Self.text(of: daemon.folder["waf.jsonl"]).isEmpty
        }
    }
}

@Suite("What portico check says of rules")
struct FirewallReportTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private func report(_ rules: String, _ more: String = "") throws -> CheckReport {
        try folder.write("a.conf", rules)
        try folder.write(
            "config.toml",
            "[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\n[waf.main]\nrules = [\"a.conf\"]\n"
                + more)
        return CheckReport.make(
            ConfigurationLoader(file: folder["config.toml"], environment: [:]))
    }

    private static let rule =
        "SecRule ARGS \"@rx (?i)union|script|passwd\" \"id:1,phase:2,t:urlDecodeUni,deny\"\n"

    @Test func `which rules each site has, and in which mode`() throws {
        let report = try report(
            Self.rule,
            "[[site]]\nhosts = [\"a.example\"]\n[[site.route]]\npath = \"/blog/*\"\n"
                + "[[site.route.waf_exclude]]\nrules = [1]\n[[site]]\nhosts = [\"b.example\"]\n"
                + "waf = \"\"\n")
        #expect(report.problems == [])
        #expect(!report.warnings.contains { $0.contains("waf") })
        #expect(
            report.firewalls == [
                "site a.example: waf.main, mode block, 1 rule from 1 file, exclusions on /blog/*",
                "site b.example: no WAF",
            ])
    }

    @Test func `each fault with its place`() throws {
        let report = try report("SecRule ARGS \"@rx (\" \"id:1,phase:2,deny\"\nSecNonsense On\n")
        #expect(report.problems.count >= 1)
        #expect(report.problems.allSatisfy { $0.contains("a.conf:") })
    }

    @Test func `an exclusion of a rule that is not there`() throws {
        let report = try report(
            Self.rule,
            "[[site]]\n[[site.route]]\npath = \"/blog/*\"\n[[site.route.waf_exclude]]\nrules = [2]\n"
        )
        #expect(report.warnings.contains { $0.contains("/blog/*") && $0.contains("no rule 2") })
    }

    @Test func `an engine that only looks`() throws {
        let report = try report("SecRuleEngine DetectionOnly\n" + Self.rule)
        #expect(report.firewalls.first?.contains("nothing is blocked") == true)
    }

    @Test func `rules that catch nothing`() throws {
        for rules in ["SecRuleEngine Off\n" + Self.rule, "SecRequestBodyAccess On\n"] {
            let report = try report(rules)
            #expect(
                report.warnings.contains { $0.contains("waf.main: the rules let a known attack") })
        }
        #expect(try report("SecRule ARGS x \"id:1,phase:2,deny\"", "mode = \"off\"").problems == [])
    }
}
