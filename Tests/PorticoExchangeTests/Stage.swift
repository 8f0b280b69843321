import PorticoBytes
import PorticoCache
import PorticoHTTP
import PorticoLoop
import PorticoOrigins
import PorticoTelemetry

@testable import PorticoExchange

/// Nodes a, b, c …, port 80, without probes and slow to be ejected.
func makePool(
    nodes: Int = 2, _ adjust: (inout PoolDescription) -> Void = { _ in }
) -> Pool {
    let nodes = (0..<nodes).map { place in
        let host = String(UnicodeScalar(UInt8(97 + place)))
        return NodeDescription(address: "\(host):80", host: host, port: 80)
    }
    var description = PoolDescription(name: "shop", nodes: nodes)
    description.ejection.consecutiveFailures = 0
    adjust(&description)
    return Pool(description)
}

func makeSite(
    _ hosts: [String] = ["shop.example"], routes: [Route] = [], pool: Pool,
    denied: NetworkList = NetworkList(), allowed: NetworkList = NetworkList(),
    limits: [RateRule] = [], redirectsToHTTPS: Bool = false, hsts: String = ""
) -> Site {
    Site(
        hosts: hosts, routes: routes, otherwise: makeRoute(to: pool, limits: limits),
        denied: denied, allowed: allowed, redirectsToHTTPS: redirectsToHTTPS,
        hsts: Array(hsts.utf8))
}

func makeRoute(
    _ pattern: String? = nil, to pool: Pool, allow: [String]? = nil, limits: [RateRule] = []
) -> Route {
    Route(
        pattern: pattern.map { PathPattern($0) }, pool: pool, hashKey: nil, retryAfter: 7,
        allow: allow.map { NetworkList(networks($0)) }, limits: limits)
}

func networks(_ texts: [String]) -> [Network] { texts.compactMap { try? Network($0) } }

func makeFacts(
    _ client: String = "192.0.2.1", peer: String? = nil, isTrusted: Bool = false,
    tls: StaticString? = nil, port: UInt16 = 80
) -> ClientFacts {
    let client = IPAddress(client) ?? IPAddress(v4: 0)
    let peer = peer.flatMap { IPAddress($0) } ?? client
    return ClientFacts(
        peer: SocketAddress(peer, port: 40_000), client: client,
        local: SocketAddress(IPAddress(v4: 0x7F00_0001), port: port), isTrustedProxy: isTrusted,
        tls: tls)
}

/// A request's head from its text: a line `GET /path HTTP/1.1`, then one field a line.
func makeRequest(_ text: String) -> RequestHead {
    let lines = text.split(separator: "\n").map(String.init)
    let words = lines[0].split(separator: " ").map { Array($0.utf8) }
    var head = RequestHead()
    let method = words[0]
    head.method = Method(method.span)
    head.version = lines[0].hasSuffix("1.0") ? .http10 : .http11
    func keep(_ bytes: [UInt8]) -> ByteRange {
        let start = head.fields.adopt(bytes.span)
        return ByteRange(start, start + bytes.count)
    }
    head.methodRange = keep(words[0])
    head.targetRange = keep(words[1])
    let start = Int(head.targetRange.lower)
    let end = Int(head.targetRange.upper)
    if let mark = words[1].firstIndex(of: 0x3F) {
        head.path = ByteRange(start, start + mark)
        head.query = ByteRange(start + mark + 1, end)
    } else {
        head.path = head.targetRange
    }
    add(lines.dropFirst(), to: &head.fields)
    head.authority = head.fields.range(of: .host)
    let authority = lines.dropFirst().first { $0.lowercased().hasPrefix("host: ") } ?? ""
    let count = Authority(Array(authority.utf8.dropFirst(6)).span)?.hostCount ?? 0
    head.host = ByteRange(Int(head.authority.lower), Int(head.authority.lower) + count)
    return head
}

/// A response's head from its text: a line `200`, then one field a line.
func makeResponse(_ text: String) -> ResponseHead {
    let lines = text.split(separator: "\n").map(String.init)
    var head = ResponseHead(status: UInt16(lines[0]) ?? 0)
    add(lines.dropFirst(), to: &head.fields)
    return head
}

private func add(_ lines: ArraySlice<String>, to fields: inout Fields) {
    for line in lines {
        let colon = line.firstIndex(of: ":") ?? line.endIndex
        let value = line[colon...].dropFirst().drop { $0 == " " }
        fields.append(name: Array(line[..<colon].utf8).span, value: Array(value.utf8).span)
    }
}

extension Fields {
    /// One `Name: value` a line.
    var text: [String] {
        (0..<count).map { "\(name(at: $0).text): \(value(at: $0).text)" }
    }

    /// All values of a name.
    subscript(name: String) -> [String] {
        (0..<count).filter { self.name(at: $0).equalsFolded(Array(name.utf8).span) }
            .map { value(at: $0).text }
    }
}

/// One worker with a pool, origins that follow scripts, and clients that do.
final class Stage {
    let pool: Pool
    let dialer = ScriptedDialer()
    let counters = WorkerCounters()
    let reactor: Reactor
    let exchanges: ExchangeWorker
    private let lines = LogQueue()

    init(
        on worker: isolated Worker, pool: Pool = makePool(), site: Site? = nil,
        httpsPort: UInt16? = nil, cache: ResponseCache? = nil, images: ImagePolicy? = nil
    ) {
        self.pool = pool
        reactor = worker.reactor
        let policy = Policy(
            sites: SiteTable([site ?? makeSite(pool: pool)]), pools: [pool], httpsPort: httpsPort,
            cache: cache, images: images)
        exchanges = ExchangeWorker(
            on: reactor, policy: policy, dialer: dialer, counters: counters, seed: (1, 2))
        exchanges.accessLog = AccessLog(
            into: lines, format: .json, redaction: .nothing, counters: counters
        ) {}
    }

    /// Begins a request and runs all that can run now.
    @discardableResult
    func ask(
        _ text: String = "GET / HTTP/1.1", fields: String = "", facts: ClientFacts = makeFacts(),
        length: BodyLength = .none, body: [Piece] = [], on worker: isolated Worker,
        _ prepare: (ScriptedClient) -> Void = { _ in }
    ) -> ScriptedClient {
        let host = fields.contains("Host:") ? "" : "\nHost: shop.example"
        let head = makeRequest(text + host + (fields.isEmpty ? "" : "\n" + fields))
        let client = ScriptedClient(on: reactor, facts: facts, length: length, body: body)
        prepare(client)
        reactor.start { [exchanges] in
            await Exchange(head, from: client, on: exchanges).run()
            client.events.append("over")
        }
        worker.settle()
        return client
    }

    /// What the nodes have under way, all together.
    var inFlight: Int { pool.nodes.map(\.inFlight).reduce(0, +) }

    func failures(of node: Int) -> Int { pool.nodes[node].report(at: reactor.now).failures }

    /// The access lines so far.
    func takeLog() -> String {
        exchanges.accessLog?.handOver()
        var batch: [UInt8] = []
        _ = lines.take(into: &batch)
        return batch.span.text
    }
}

extension Stage {
    /// An origin on a new connection to `node`, which sends these pieces.
    @discardableResult
    func origin(_ node: String = "a", _ pieces: [Piece] = []) -> ScriptedOrigin {
        let origin = ScriptedOrigin(on: reactor, pieces)
        dialer.dial(node, .new(origin))
        return origin
    }

    /// The same on a connection that has served before.
    @discardableResult
    func keptOrigin(_ node: String = "a", _ pieces: [Piece] = []) -> ScriptedOrigin {
        let origin = ScriptedOrigin(on: reactor, pieces)
        dialer.keep(node, origin)
        return origin
    }
}
