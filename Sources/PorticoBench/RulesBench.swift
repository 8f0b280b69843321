import Glibc
import PorticoBytes
import PorticoSecLang
import PorticoWAF
import PorticoWAFTool

/// Whole transactions under a set of rules: `swift run -c release PorticoBench waf-rules FILE… --
/// REQUEST…`, where each request is a file as it is sent.
///
/// Says how long the rules take to load and how much memory they need, and of each request the CPU
/// of one transaction, in all and by phase.
struct RulesBench {
    private let rules: [String]
    private let requests: [String]

    init(_ arguments: [String]) {
        let split = arguments.firstIndex(of: "--") ?? arguments.endIndex
        rules = Array(arguments[..<split])
        requests = Array(arguments[split...].dropFirst())
    }

    func run() {
        let memory = Self.residentKiB
        let start = ContinuousClock.now
        let set: RuleSet
        do throws(RuleSetFault) {
            set = try RuleSet.load(rules, files: .disk)
        } catch {
            for fault in error.faults { print(fault.sentence) }
            return
        }
        let took = start.duration(to: .now).nanoseconds / 1_000_000
        print("\(set.rules.count) rules: \(took) ms, \(Self.residentKiB - memory) KiB")
        for request in requests {
            guard let bytes = RuleFiles.disk.contents(request) else {
                print("\(request): not there")
                continue
            }
            Self.measure(request, bytes, set)
        }
    }

    private static func measure(_ name: String, _ request: [UInt8], _ set: RuleSet) {
        var settings = WAFSettings(name: "bench")
        settings.mode = .block
        settings.responseBodyBytes = 0
        var transaction = Transaction(set, settings, persistent: PersistentStore())
        let end = request.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? request.count
        let (head, body) = (Array(request[..<end]), Array(request[end...]))
        let rounds = body.count > 8192 ? 200 : 2000
        for _ in 0..<20 { run(&transaction, head, body) { _ in } }
        var phases: [UInt64] = [0, 0, 0]
        for _ in 0..<rounds {
            var last = cpu
            run(&transaction, head, body) { phase in
                let now = cpu
                phases[phase] += now - last
                last = now
            }
        }
        let parts = phases.map { "\($0 / UInt64(rounds) / 1000)" }
        let whole = phases.reduce(0, +) / UInt64(rounds) / 1000
        print("\(name): \(whole) µs (head \(parts[0]), body \(parts[1]), response \(parts[2]))")
    }

    private static func run(
        _ transaction: inout Transaction, _ head: [UInt8], _ body: [UInt8], _ ended: (Int) -> Void
    ) {
        let now = Instant(nanoseconds: 1)
        transaction.start(RequestIdentity(), now: now)
        transaction.setRawHead(head.span)
        var stop = transaction.inspectRequestHead(now: now)
        ended(0)
        if stop == nil {
            _ = transaction.append(requestBody: body.span)
            stop = transaction.inspectRequestBody(now: now)
        }
        ended(1)
        if stop == nil {
            transaction.setResponse(status: 200, protocol: "HTTP/1.1")
            transaction.addResponseField(
                name: Array("Content-Type".utf8).span, value: Array("text/html".utf8).span)
            if transaction.inspectResponseHead(now: now) == nil {
                _ = transaction.inspectResponseBody(now: now)
            }
        }
        transaction.finish(now: now)
        ended(2)
    }

    /// Of this thread, in nanoseconds.
    private static var cpu: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static var residentKiB: Int {
        let status = RuleFiles.disk.contents("/proc/self/status") ?? []
        for line in status.split(separator: 0x0A) where line.starts(with: Array("VmRSS:".utf8)) {
            return Int(String(decoding: line.filter { $0 &- 0x30 < 10 }, as: UTF8.self)) ?? 0
        }
        return 0
    }
}
