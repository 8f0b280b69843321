import PorticoBytes
import PorticoSecLang
import Testing

@testable import PorticoWAF

/// A request and an answer under a few rules.
struct Scene {
    var rules: String
    var mode = WAFSettings.Mode.block
    var line = "GET / HTTP/1.1"
    var fields: [(String, String)] = []
    var body = ""
    var response: (UInt16, [(String, String)], String) = (200, [], "")
    var requestBodyBytes = 1 << 20
    var exclusions: [RuleExclusions.Wish] = []

    struct End {
        var ids: [Int]
        var intervention: Intervention?
        var record: String
        var score: Int
    }

    func play(with store: PersistentStore = PersistentStore(), at seconds: UInt64 = 1) throws -> End
    {
        let files = RuleFiles(["main.conf": rules])
        let plan = try RuleSet.load(["main.conf"], files: files)
        var settings = WAFSettings(name: "main")
        settings.mode = mode
        settings.requestBodyBytes = requestBodyBytes
        settings.responseBodyBytes = 1 << 20
        var transaction = Transaction(plan, settings, persistent: store)
        let now = Instant(nanoseconds: seconds * 1_000_000_000)
        var identity = RequestIdentity()
        identity.uniqueID = Array("id-1".utf8)
        transaction.start(identity, now: now)
        if !exclusions.isEmpty {
            let place = SourcePlace(file: "config.toml", line: 1, column: 1)
            transaction.apply(try plan.exclusions(exclusions, at: place))
        }
        let fields = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
        let head = Array((line + "\r\n" + fields + "\r\n").utf8)
        transaction.setRawHead(head.span)
        run(&transaction, now)
        transaction.finish(now: now)
        var text = Buffer()
        let host = Array("h".utf8)
        transaction.appendRecord(
            to: &text, status: 200, host: host.span, engineName: "main", now: now)
        return End(
            ids: transaction.matchedRuleIDs, intervention: transaction.intervention,
            record: text.bytes.text, score: transaction.score)
    }

    private func run(_ transaction: inout Transaction, _ now: Instant) {
        if transaction.inspectRequestHead(now: now) != nil { return }
        let body = Array(body.utf8)
        if !body.isEmpty { _ = transaction.append(requestBody: body.span) }
        if transaction.inspectRequestBody(now: now) != nil { return }
        transaction.setResponse(status: response.0, protocol: "HTTP/1.1")
        for (name, value) in response.1 {
            let (name, value) = (Array(name.utf8), Array(value.utf8))
            transaction.addResponseField(name: name.span, value: value.span)
        }
        if transaction.inspectResponseHead(now: now) != nil { return }
        let answer = Array(response.2.utf8)
        if transaction.wantsResponseBody { _ = transaction.append(responseBody: answer.span) }
        _ = transaction.inspectResponseBody(now: now)
    }
}

@Suite("The engine's rules of evaluation (SECLANG §3, §8)")
struct EngineTests {
    private func ids(_ rules: String, _ target: String = "/?a=1&a=2&B=x") throws -> [Int] {
        try Scene(rules: rules, line: "GET \(target) HTTP/1.1").play().ids
    }

    @Test(arguments: [
        ("SecRule ARGS:A \"@streq 2\" id:1,phase:1", [1]),
        ("SecRule ARGS:c \"@rx ^$\" id:1", []), ("SecRule ARGS:c \"!@rx x\" id:1", []),
        ("SecRule &ARGS \"@eq 3\" id:1", [1]), ("SecRule &ARGS:a \"@eq 2\" id:1", [1]),
        ("SecRule &TX:none \"@eq 0\" id:1", [1]),
        ("SecRule ARGS|!ARGS:b \"@rx x\" id:1", []),
        ("SecRule ARGS|!ARGS:/^B/ \"@rx x\" id:1", []),
        ("SecRule ARGS_NAMES \"@streq B\" id:1", [1]),
        ("SecRule ARGS \"@streq X\" id:1,t:lowercase", []),
        ("SecRule ARGS_NAMES \"@streq b\" id:1,t:lowercase", [1]),
        ("SecRule QUERY_STRING \"@streq a=1&a=2&B=x\" id:1", [1]),
        ("SecRule REQUEST_BODY \"@rx ^$\" id:1", [1]),
    ])
    func `targets`(_ rule: String, _ expected: [Int]) throws {
        #expect(try ids(rule) == expected)
    }

    @Test func `actions run once for each matching value`() throws {
        let rules = """
            SecRule ARGS:a "@rx ." "id:1,phase:1,pass,nolog,setvar:tx.n=+1"
            SecRule TX:n "@eq 2" "id:2,phase:1,pass"
            """
        #expect(try ids(rules) == [2])
    }

    @Test(arguments: [
        ("setvar:tx.n=5,setvar:tx.n=+3", "8"), ("setvar:tx.n=-2", "-2"),
        ("setvar:tx.n=abc,setvar:tx.n=+1", "1"), ("setvar:tx.n=+%{tx.nope}", "0"),
        ("setvar:tx.n=1.5,setvar:tx.n=+1", "2"), ("setvar:tx.n=1,setvar:tx.n=-5", "-4"),
        ("setvar:tx.n", "1"), ("setvar:'tx.x=n',setvar:'tx.%{tx.x}=7'", "7"),
    ])
    func `setvar counts as ModSecurity does`(_ actions: String, _ value: String) throws {
        let rules = """
            SecAction "id:1,phase:1,pass,nolog,\(actions)"
            SecRule TX:N "@streq \(value)" "id:2,phase:1,pass"
            """
        #expect(try ids(rules) == [2])
    }

    @Test func `a chain that fails keeps what its first links set, and does not log`() throws {
        let rules = """
            SecRule ARGS:a "@streq 1" "id:1,phase:1,deny,chain,setvar:tx.n=1"
              SecRule ARGS:a "@streq 9"
            SecRule TX:n "@eq 1" "id:2,phase:1,pass"
            """
        #expect(try ids(rules) == [2])
    }

    @Test func `the message of a chain sees the last link's match`() throws {
        let rules = """
            SecRule ARGS:a "@streq 1" "id:1,phase:1,pass,msg:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}',chain"
              SecRule ARGS:b "@rx (x)" "capture,setvar:tx.got=%{tx.1}"
            SecRule TX:got "@streq x" "id:2,phase:1,pass"
            """
        let end = try Scene(rules: rules, line: "GET /?a=1&B=x HTTP/1.1").play()
        #expect(end.ids == [1, 2])
        #expect(end.record.contains("\"msg\":\"ARGS:B=x\""))
    }

    @Test func `skipAfter holds in its phase, and a missing marker ends the phase`() throws {
        let rules = """
            SecAction "id:1,phase:1,pass,nolog,skipAfter:END"
            SecAction "id:2,phase:1,pass"
            SecAction "id:3,phase:2,pass"
            SecMarker END
            SecAction "id:4,phase:1,pass,skipAfter:NOWHERE"
            SecAction "id:5,phase:1,pass"
            SecAction "id:6,phase:2,pass,skip:1"
            SecAction "id:7,phase:2,pass"
            SecAction "id:8,phase:2,pass"
            """
        #expect(try ids(rules) == [4, 3, 6, 8])
    }

    @Test func `deny stops the phase, and phase 5 still runs`() throws {
        let rules = """
            SecAction "id:1,phase:2,deny,status:418"
            SecAction "id:2,phase:2,pass"
            SecAction "id:3,phase:3,pass"
            SecAction "id:4,phase:5,pass"
            """
        let end = try Scene(rules: rules).play()
        #expect(end.ids == [1, 4])
        #expect(end.intervention == .deny(status: 418))
        let watched = try Scene(rules: rules, mode: .detect).play()
        #expect(watched.ids == [1, 2, 3, 4])
        #expect(watched.intervention == nil)
        #expect(watched.record.contains("\"action\":\"detected\""))
    }

    @Test(arguments: [
        ("allow", [1, 5]), ("allow:phase", [1, 3, 4, 5]), ("allow:request", [1, 4, 5]),
    ])
    func `allow ends as much as it says`(_ action: String, _ expected: [Int]) throws {
        let rules = """
            SecAction "id:1,phase:1,\(action)"
            SecAction "id:2,phase:1,pass"
            SecAction "id:3,phase:2,pass"
            SecAction "id:4,phase:3,pass"
            SecAction "id:5,phase:5,pass"
            """
        #expect(try ids(rules) == expected)
    }

    @Test func `block is what the default action says`() throws {
        let rules = """
            SecDefaultAction "phase:2,log,deny,status:451,t:lowercase"
            SecRule ARGS_NAMES "@streq b" "id:1,phase:2,block"
            """
        #expect(
            try Scene(rules: rules, line: "GET /?B= HTTP/1.1").play().intervention
                == .deny(status: 451))
    }

    @Test(arguments: [
        ("ctl:ruleRemoveById=2", [3]), ("ctl:ruleRemoveById=2-3", []),
        ("ctl:ruleRemoveByTag=t2", [3]), ("ctl:ruleRemoveTargetById=2;ARGS:x", [3]),
        ("ctl:ruleRemoveTargetByTag=t3;ARGS:/^X$/", [2]), ("ctl:ruleEngine=Off", []),
        ("ctl:ruleRemoveTargetById=2-3;ARGS:other", [2, 3]),
    ])
    func `ctl removes for later rules`(_ control: String, _ expected: [Int]) throws {
        let rules = """
            SecAction "id:1,phase:1,pass,nolog,\(control)"
            SecRule ARGS "@rx evil" "id:2,phase:2,pass,tag:t2"
            SecRule ARGS "@rx evil" "id:3,phase:2,pass,tag:t3"
            """
        #expect(try ids(rules, "/?x=evil") == expected)
    }

    @Test func `later directives change earlier rules`() throws {
        let rules = """
            SecRule ARGS "@rx evil" "id:2,phase:2,pass,tag:'a/b',msg:'one'"
            SecRule ARGS "@rx evil" "id:3,phase:2,pass"
            SecRule ARGS "@rx evil" "id:4,phase:2,pass"
            SecRule ARGS "@rx evil" "id:5,phase:2,deny"
            SecRuleRemoveByTag ^a/
            SecRuleUpdateTargetById 3 "!ARGS:/^x/"
            SecRuleRemoveById 4
            SecRuleUpdateActionById 5 "pass,nolog"
            SecRule ARGS "@rx evil" "id:6,phase:2,pass"
            """
        let end = try Scene(rules: rules, line: "GET /?x=evil HTTP/1.1").play()
        #expect(end.ids == [6])
        #expect(end.intervention == nil)
    }

    @Test func `a route leaves out rules and targets`() throws {
        let rules = """
            SecRule ARGS "@rx evil" "id:2,phase:2,pass,tag:'app/x'"
            SecRule ARGS "@rx evil" "id:3,phase:2,pass"
            """
        var scene = Scene(rules: rules, line: "GET /?x=evil HTTP/1.1")
        scene.exclusions = [
            .init(rules: [], tags: ["app/*"], targets: []),
            .init(rules: [3...3], tags: [], targets: ["ARGS:y"]),
        ]
        #expect(try scene.play().ids == [3])
        scene.exclusions[1].targets = ["ARGS:x"]
        #expect(try scene.play().ids == [])
    }

    @Test func `multiMatch looks after each change`() throws {
        let rules = """
            SecRule ARGS "@rx ^%41$" "id:1,phase:2,pass,multiMatch,t:none,t:urlDecodeUni,t:lowercase"
            SecRule ARGS "@rx ^%41$" "id:2,phase:2,pass,t:none,t:urlDecodeUni,t:lowercase"
            """
        #expect(try ids(rules, "/?a=%2541") == [1])
    }

    @Test func `MATCHED_VARS is what the chain has matched so far`() throws {
        let rules = """
            SecRule ARGS "@rx [12]" "id:1,phase:2,pass,chain"
              SecRule MATCHED_VARS "@streq 2" "setvar:tx.n=+1,chain"
              SecRule TX:n "@eq 1" ""
            """
        #expect(try ids(rules) == [1])
    }

    @Test func `persistent collections outlive the request until they expire`() throws {
        let rules = """
            SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR}"
            SecRule IP:n "@ge 2" "id:2,phase:1,pass"
            SecAction "id:3,phase:1,pass,nolog,setvar:ip.n=+1,expirevar:ip.n=10"
            """
        let store = PersistentStore(collections: 16)
        let scene = Scene(rules: rules)
        #expect(try scene.play(with: store, at: 1).ids == [])
        #expect(try scene.play(with: store, at: 2).ids == [])
        #expect(try scene.play(with: store, at: 3).ids == [2])
        #expect(try scene.play(with: store, at: 14).ids == [])
    }

    @Test func `bodies become arguments by their type`() throws {
        let rules = "SecRule ARGS:/^(json.)?a$/ \"@streq v w\" id:1,phase:2"
        for (type, body) in [
            ("application/x-www-form-urlencoded", "a=v+w"),
            ("application/json; charset=utf-8", "{\"a\":\"v w\"}"),
            (
                "multipart/form-data; boundary=B",
                "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv w\r\n--B--\r\n"
            ),
        ] {
            var scene = Scene(
                rules: rules, line: "POST / HTTP/1.1", fields: [("Content-Type", type)])
            scene.body = body
            #expect(try scene.play().ids == [1], "\(type)")
        }
    }

    @Test func `a body that cannot be read is an error that rules see`() throws {
        var scene = Scene(
            rules: "SecRule REQBODY_ERROR \"!@eq 0\" \"id:1,phase:2,deny,status:400\"",
            fields: [("Content-Type", "application/json")])
        scene.body = "{\"a\":"
        #expect(try scene.play().intervention == .deny(status: 400))
    }

    @Test(arguments: [("Reject", Intervention.deny(status: 413)), ("ProcessPartial", nil)])
    func `a large body is inspected up to the limit`(
        _ action: String, _ expected: Intervention?
    ) throws {
        var scene = Scene(
            rules: """
                SecRequestBodyLimitAction \(action)
                SecRule ARGS "@contains late" "id:1,phase:2,pass"
                SecRule ARGS "@contains soon" "id:2,phase:2,pass"
                """,
            fields: [("Content-Type", "application/x-www-form-urlencoded")])
        scene.body = "a=soon&b=" + String(repeating: "x", count: 100) + "late"
        scene.requestBodyBytes = 64
        let end = try scene.play()
        #expect(end.ids == [2])
        #expect(end.intervention == expected)
    }

    @Test func `answers are inspected by type`() throws {
        var scene = Scene(
            rules: """
                SecResponseBodyAccess On
                SecRule RESPONSE_STATUS "@eq 500" "id:1,phase:3,pass"
                SecRule RESPONSE_BODY "@contains ORA-" "id:2,phase:4,deny"
                """)
        scene.response = (500, [("Content-Type", "text/html; charset=utf-8")], "an ORA-1 error")
        #expect(try scene.play().ids == [1, 2])
        scene.response.1 = [("Content-Type", "image/png")]
        #expect(try scene.play().ids == [1])
    }

    @Test func `the record is a line of JSON`() throws {
        let rules = """
            SecRule ARGS:q "@rx ev(il)" "id:7,phase:2,deny,msg:'m',logdata:'d %{TX.1}',capture,\\
              severity:CRITICAL,tag:'t',setvar:tx.blocking_inbound_anomaly_score=5"
            """
        let end = try Scene(rules: rules, line: "GET /?q=an+evil HTTP/1.1").play()
        #expect(
            end.record == #"{"time":"1970-01-01T00:00:00.000Z","request_id":"id-1","#
                + #""client_ip":"0.0.0.0","host":"h","method":"GET","uri":"/?q=an+evil","#
                + #""status":200,"action":"blocked","mode":"block","score":5,"engine":"main","#
                + #""duration_us":0,"rules":[{"id":7,"phase":2,"severity":"CRITICAL","msg":"m","#
                + #""data":"d il","tags":["t"],"file":"main.conf","line":1,"matches":["#
                + #"{"variable":"ARGS:q","value":"an evil","start":3,"end":7}]}],"errors":[]}"#
                + "\n")
    }

    @Test(arguments: [
        ("SecRule ARG a id:1", 9), ("SecRule ARGS @foo id:1", 14),
        ("SecRule ARGS @rx", 1), ("SecRule ARGS \"@rx (\" id:1", 19),
        ("SecRule ARGS a \"id:1,t:low\"", 22), ("SecRule ARGS a \"id:1,denny\"", 22),
        ("SecRule ARGS a \"id:1,chain\"", 1), ("SecAction id:1\nSecAction id:1", 1),
        ("SecRule ARGS \"@pmFromFile none.data\" id:1", 27),
        ("SecAction \"id:1,msg:'%{nope.x}'\"", 17), ("SecAction id:1,phase:6", 16),
    ])
    func `a fault names its place`(_ text: String, _ column: Int) throws {
        let error = #expect(throws: RuleSetFault.self) {
            try RuleSet.load(["main.conf"], files: RuleFiles(["main.conf": text]))
        }
        #expect(error?.faults.first?.place.column == column)
    }
}
