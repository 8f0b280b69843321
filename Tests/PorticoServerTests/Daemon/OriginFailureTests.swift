import PorticoBytes
import PorticoLoop
import StrictJSON
import Synchronization
import Testing

@Suite("Origins that fail", .ownThreads)
struct OriginFailureTests {
    private static let health = """
        [origins.shop.health]
        path = "/health"
        interval = "100ms"
        timeout = "10s"
        fall = 1
        rise = 1
        """

    @Test func `two of three nodes may be dead without an error for any client`() throws {
        for health in ["", Self.health] {
            let alive = try Origin.saying("alive")
            var settings = Settings(try Origin.absent(), alive, try Origin.absent())
            settings.pool = health
            let daemon = try Daemon(settings)
            let wire = try daemon.connect()
            for _ in 0..<100 {
                let answer = try wire.get("/")
                #expect(answer.status == 200)
                #expect(answer.body == "alive")
            }
        }
    }

    @Test func `a node that dies under load costs no client an answer`() throws {
        let (first, second) = (try Origin.saying("alive"), try Origin.saying("alive"))
        let daemon = try Daemon(Settings(first, second))
        let wire = try daemon.connect()
        for index in 0..<100 {
            if index == 20 { first.close() }
            #expect(try wire.get("/").status == 200)
        }
        #expect(second.requests.count > 50)
    }

    @Test func `where all are dead clients hear 503 at once, and 200 when one is back`() throws {
        let origins = [
            try Origin(isOpen: false) { try $0.answer(200, "back") }, try Origin.absent(),
        ]
        var settings = Settings(origins[0], origins[1])
        settings.pool = Self.health
        let daemon = try Daemon(settings)
        try daemon.wait(for: "no node in service") {
            try daemon.admin("GET", "/readyz").status == 503
        }
        let reasons = try JSON(daemon.admin("GET", "/readyz").body)["reasons"]
        #expect(reasons?[0] == .string("no node of shop is in service"))
        let wire = try daemon.connect()
        let began = monotonicNow()
        for _ in 0..<10 {
            let answer = try wire.get("/", "Accept: application/json")
            #expect(answer.status == 503)
            #expect(Int(answer.head["retry-after"] ?? "") ?? 0 > 0)
            #expect(try JSON(answer.body)["status"] == .number(503))
        }
        #expect(monotonicNow().since(began) < .seconds(5))
        origins[0].open()
        try daemon.wait(for: "recovery") { try daemon.admin("GET", "/readyz").status == 200 }
        #expect(try wire.get("/").body == "back")
    }

    @Test func `a node that says it is unwell gets nothing`() throws {
        let moody = Mood()
        let first = try Origin { call in
            if call.target == "/health" { return try call.answer(moody.isWell ? 200 : 500) }
            try call.answer(200, "first")
        }
        let second = try Origin.saying("second")
        var settings = Settings(first, second)
        settings.pool = Self.health
        let daemon = try Daemon(settings)
        func bodies() throws -> Set<String> {
            let wire = try daemon.connect()
            return try Set((0..<6).map { _ in try wire.get("/").body })
        }
        try daemon.wait(for: "both") { try bodies() == ["first", "second"] }
        moody.set(false)
        try daemon.wait(for: "the second alone") { try bodies() == ["second"] }
        moody.set(true)
        try daemon.wait(for: "both again") { try bodies() == ["first", "second"] }
    }

    private final class Mood: Sendable {
        private let state = Mutex(true)
        var isWell: Bool { state.withLock { $0 } }
        func set(_ isWell: Bool) { state.withLock { $0 = isWell } }
    }

    @Test func `a POST that a node may have seen is not sent again`() throws {
        let first = try Origin { _ in throw Trouble("gone without a word") }
        let second = try Origin { _ in throw Trouble("gone without a word") }
        let daemon = try Daemon(Settings(first, second))
        let wire = try daemon.connect()
        try wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
        #expect(try wire.response().status == 502)
        #expect(first.requests.count + second.requests.count == 1)
        #expect(try wire.get("/").status == 502)
        #expect(first.requests.count + second.requests.count == 3)
    }

    @Test func `a node that is silent earns 504, one that babbles 502`() throws {
        let goOn = Signal()
        let origin = try Origin { call in
            if call.target == "/silent" {
                goOn.take()
            } else {
                try call.wire.send("this is not HTTP\r\n\r\n")
            }
            throw Trouble("over")
        }
        var settings = Settings(origin)
        settings.pool = "first_byte_timeout = \"1s\"\nretries = 0"
        let daemon = try Daemon(settings)
        #expect(try daemon.connect().get("/silent").status == 504)
        #expect(try daemon.connect().get("/babble").status == 502)
        goOn.give()
    }

    @Test func `a kept connection that the node has closed costs nothing`() throws {
        let origin = try Origin { call in
            try call.answer(200, "once")
            throw Trouble("closed without saying so")
        }
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        for _ in 0..<50 { #expect(try wire.get("/").status == 200) }
    }
}
