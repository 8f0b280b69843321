internal import Logging
internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoLoop
internal import Synchronization

/// Where every purge is carried out, whoever asked and in whatever dialect: in memory, on the
/// device, in the record that can be asked about, and in the audit log.
final class PurgeDesk: Sendable {
    /// One thread: what looks at all words of the cache waits for the one before.
    private let pool = BlockingPool(threads: 1, capacity: 64)
    private let logger: Logger
    /// Whether a soft purge has left something to be fetched anew.
    private let hasStale = Mutex(false)

    private struct Door {
        var isClosed = false
        var underWay = 0
        var onQuiet: (@Sendable () -> Void)?
    }

    private let door = Mutex(Door())

    init(_ logger: Logger) { self.logger = logger }

    // MARK: - The door

    /// Takes no more purges, and calls `then` when those that are under way are done: another
    /// process is about to hear of them instead of this one.
    func close(then: @escaping @Sendable () -> Void) {
        let isQuiet = door.withLock { door in
            door.isClosed = true
            if door.underWay > 0 { door.onQuiet = then }
            return door.underWay == 0
        }
        if isQuiet { then() }
    }

    func open() {
        door.withLock { door in
            door.isClosed = false
            door.onQuiet = nil
        }
    }

    private func enter() -> Bool {
        door.withLock { door in
            if door.isClosed { return false }
            door.underWay += 1
            return true
        }
    }

    private func leave() {
        let onQuiet = door.withLock { door in
            door.underWay -= 1
            return door.underWay == 0 ? door.onQuiet.take() : nil
        }
        onQuiet?()
    }

    // MARK: - Purging

    /// Carries out the steps in their order; the id is the last one's. Nil: too many wait, or
    /// another process takes purges now. Whoever asks again, on a new connection, finds that.
    func purge(_ job: PurgeJob, in cache: ResponseCache) async -> PurgeRecord? {
        guard enter() else {
            audit(job, result: "refused, another process takes over")
            return nil
        }
        defer { leave() }
        let began = monotonicNow()
        let at = wallNow()
        var last: PurgeReceipt?
        var count = 0
        var isDurable = true
        for step in job.steps {
            do throws(QueueFull) {
                let receipt = try await cache.purge(
                    step.target, of: job.site?.purgeName ?? "", step.depth, at: began, on: pool)
                last = receipt
                count += receipt.count
                isDurable = isDurable && receipt.isDurable
            } catch {
                audit(job, result: "refused, too many wait")
                return nil
            }
        }
        guard let last else { return nil }
        let record = PurgeRecord(
            receipt: PurgeReceipt(
                number: last.number, id: last.id, count: count, isDurable: isDurable),
            targets: job.steps.map { $0.target.abridged },
            depth: job.steps.contains { $0.depth == .hard } ? .hard : .soft,
            site: job.site?.hosts.first ?? "", caller: job.caller, at: at / 1000,
            duration: monotonicNow().since(began))
        cache.ledger.log.append(record)
        if job.steps.contains(where: { $0.depth == .soft }) { hasStale.withLock { $0 = true } }
        audit(job, result: isDurable ? "done" : "done, but not durable")
        return record
    }

    private func audit(_ job: PurgeJob, result: String) {
        let words = job.steps.map { ($0.depth == .soft ? "softly " : "") + $0.target.summary }
        logger.notice(
            "audit",
            metadata: [
                "action": "purge \(words.prefix(8).joined(separator: ", "))",
                "site": "\(job.site?.hosts.first ?? "all")", "token": "\(job.caller)",
                "address": "\(job.address)", "result": "\(result)",
            ])
    }

    // MARK: - What takes long

    /// Looks at many objects, for people.
    func look<Answer: Sendable>(
        _ body: @escaping @Sendable () -> Answer
    ) async throws(QueueFull) -> Answer {
        try await pool.run(()) { _ in body() }
    }

    func objects(
        under url: [UInt8], in cache: ResponseCache, limit: Int, at now: Instant
    ) async throws(QueueFull) -> [ObjectView]? {
        try await cache.objects(under: url, limit: limit, at: now, on: pool)
    }

    /// What soft purges made stale since this was asked last, most asked for first. Nil: nothing
    /// was purged.
    func takeStale(of cache: ResponseCache) async -> [StoredResponse]? {
        let isAsked = hasStale.withLock { hasStale in
            defer { hasStale = false }
            return hasStale
        }
        guard isAsked else { return nil }
        return try? await look {
            cache.store.hottest(staleAfter: cache.ledger.now + 1, limit: Self.mostRefreshed)
        }
    }

    /// After one look at the store; what is left is fetched when somebody asks for it.
    private static let mostRefreshed = 512
}

extension PurgeTarget {
    /// How many words of one purge are remembered.
    private static let mostWords = 256
    /// Bytes of a remembered pattern.
    private static let mostBytes = 4096

    /// Without what would fill the memory of a thousand purges.
    fileprivate var abridged: PurgeTarget {
        switch self {
        case .tags(let tags): .tags(Array(tags.prefix(Self.mostWords)))
        case .pattern(let text): .pattern(Array(text.prefix(Self.mostBytes)))
        case .urlPattern(let text): .urlPattern(Array(text.prefix(Self.mostBytes)))
        case .allOf(let targets): .allOf(targets.map(\.abridged))
        case .url, .host, .prefix, .everything: self
        }
    }

    /// A few words for the audit log.
    var summary: String {
        func text(_ bytes: [UInt8]) -> String {
            String(decoding: bytes.prefix(200), as: UTF8.self)
        }
        switch self {
        case .tags(let tags) where tags.count == 1: return "key \(text(tags[0]))"
        case .tags(let tags): return "\(tags.count) keys"
        case .url(let url): return "url \(text(url))"
        case .host(let host): return "host \(text(host))"
        case .prefix(let prefix): return "prefix \(text(prefix))"
        case .pattern(let pattern): return "pattern \(text(pattern))"
        case .urlPattern(let pattern): return "url pattern \(text(pattern))"
        case .allOf(let targets): return targets.map(\.summary).joined(separator: " and ")
        case .everything: return "everything"
        }
    }
}
