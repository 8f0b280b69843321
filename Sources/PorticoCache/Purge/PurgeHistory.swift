internal import PorticoBytes
internal import Synchronization

/// The purges that an object on disk may be older than.
///
/// Objects in memory hold the marks that they are named by, and a mark that nobody holds is
/// forgotten at the cost of a fetch too many. Objects on disk hold nothing, and there are a
/// hundred times more of them: so with a disk store each purge is also kept here, by the hash of
/// what it named, until no object on disk is older. An object is judged once, when it is read; in
/// memory it then counts as fetched now, and the marks take over.
final class PurgeHistory: Sendable {
    /// Beyond this, the older half becomes one purge of everything. About 64 MB.
    static let mostWords = 1 << 20
    /// Each is tried on each object that is read, so there may be fewer.
    static let mostPatterns = 1024

    private struct Numbers {
        var hard: UInt64 = 0
        var soft: UInt64 = 0

        mutating func raise(_ depth: PurgeDepth, to number: UInt64) {
            switch depth {
            case .hard: hard = max(hard, number)
            case .soft: soft = max(soft, number)
            }
        }

        mutating func raise(to other: Numbers) {
            hard = max(hard, other.hard)
            soft = max(soft, other.soft)
        }

        var last: UInt64 { max(hard, soft) }

        func verdict(since fence: UInt64) -> PurgeVerdict {
            hard > fence ? .gone : soft > fence ? .stale : .untouched
        }
    }

    private struct Pattern {
        enum Kind {
            case prefix([UInt8])
            case tags(TagMatcher)
            case urls(TagMatcher)
            case objects(ObjectMatcher)
        }

        let kind: Kind
        /// 0: all.
        let site: UInt32
        var numbers = Numbers()
    }

    private struct State {
        var words: [KeyHash: Numbers] = [:]
        var patterns: [Pattern] = []
        /// Of everything.
        var floor = Numbers()
        var last: UInt64 = 0
    }

    /// Stands for every site.
    static let allSites: UInt32 = 0
    private static let noWord: [UInt8] = []

    private let hasher: KeyHasher
    private let state = Mutex(State())
    /// Up to which number purges concern nothing on disk.
    private let forgotten = Mutex<(@Sendable () -> UInt64)?>(nil)

    init(hasher: KeyHasher) { self.hasher = hasher }

    /// Asks from now on which purges may be forgotten.
    func follow(_ forgotten: @escaping @Sendable () -> UInt64) {
        self.forgotten.withLock { $0 = forgotten }
    }

    /// Bytes in memory, about.
    var byteCount: Int {
        state.withLock {
            $0.words.capacity * 4 / 3 * 33 + $0.patterns.capacity * MemoryLayout<Pattern>.stride
        }
    }

    // MARK: - Purging

    func note(
        _ target: PurgeTarget, of site: UInt32, _ depth: PurgeDepth, _ number: UInt64,
        _ matches: @escaping TagMatcher
    ) {
        var hashes: [KeyHash] = []
        var pattern: Pattern?
        switch target {
        case .tags(let tags): hashes = tags.map { hash($0.span, .tag, site) }
        case .url(let url): hashes = [hash(url.span, .url, site)]
        case .host(let host): hashes = [hash(host.span, .host, site)]
        case .prefix(let prefix): pattern = Pattern(kind: .prefix(prefix), site: site)
        case .pattern: pattern = Pattern(kind: .tags(matches), site: site)
        case .urlPattern: pattern = Pattern(kind: .urls(matches), site: site)
        case .allOf: pattern = Pattern(kind: .objects(target.matcher), site: site)
        case .everything where site == Self.allSites: break
        case .everything: hashes = [hash(Self.noWord.span, .site, site)]
        }
        let isCrowded = state.withLock { state in
            state.last = max(state.last, number)
            for hash in hashes { state.words[hash, default: Numbers()].raise(depth, to: number) }
            if var pattern {
                pattern.numbers.raise(depth, to: number)
                state.patterns.append(pattern)
            }
            if hashes.isEmpty && pattern == nil { state.floor.raise(depth, to: number) }
            return state.words.count > Self.mostWords || state.patterns.count > Self.mostPatterns
        }
        if isCrowded { makeRoom() }
    }

    private func makeRoom() {
        let forgotten = forgotten.withLock { $0 }?() ?? 0
        state.withLock { state in
            state.words = state.words.filter { $0.value.last > forgotten }
            state.patterns.removeAll { $0.numbers.last <= forgotten }
            if state.words.count > Self.mostWords / 4 * 3 {
                let numbers = state.words.values.map(\.last).sorted()
                let middle = numbers[numbers.count / 2]
                for gone in state.words.values where gone.last <= middle {
                    state.floor.raise(to: gone)
                }
                state.words = state.words.filter { $0.value.last > middle }
            }
            if state.patterns.count > Self.mostPatterns / 4 * 3 {
                for gone in state.patterns.prefix(Self.mostPatterns / 2) {
                    state.floor.raise(to: gone.numbers)
                }
                state.patterns.removeFirst(Self.mostPatterns / 2)
            }
        }
    }

    // MARK: - Asking

    /// What the purges after `fence` left of an object; and the number of the first soft one that
    /// is known.
    func verdict(
        on words: PurgeWords, of site: UInt32, since fence: UInt64
    ) -> (PurgeVerdict, soft: UInt64) {
        state.withLock { state in
            var first = UInt64.max
            var verdict = PurgeVerdict.untouched
            if state.last <= fence { return (verdict, first) }
            func apply(_ numbers: Numbers) {
                verdict = max(verdict, numbers.verdict(since: fence))
                if numbers.soft > fence { first = min(first, numbers.soft) }
            }
            apply(state.floor)
            func look(_ word: Span<UInt8>, _ kind: MarkKind) {
                for owner in [site, Self.allSites] where verdict != .gone {
                    guard let numbers = state.words[hash(word, kind, owner)] else { continue }
                    apply(numbers)
                }
            }
            if !state.words.isEmpty {
                look(Self.noWord.span, .site)
                look(words.url.span, .url)
                look(words.host.span, .host)
                for tag in words.tags { look(tag.span, .tag) }
            }
            for pattern in state.patterns
            where pattern.numbers.last > fence && verdict != .gone
                && (pattern.site == site || pattern.site == Self.allSites)
            {
                let isMeant =
                    switch pattern.kind {
                    case .prefix(let prefix): words.url.starts(with: prefix)
                    case .urls(let matches): matches(words.url.span)
                    case .tags(let matches): words.tags.contains { matches($0.span) }
                    case .objects(let matches): matches(words)
                    }
                if isMeant { apply(pattern.numbers) }
            }
            return (verdict, first)
        }
    }

    private func hash(_ word: Span<UInt8>, _ kind: MarkKind, _ site: UInt32) -> KeyHash {
        hasher(word, prefix: UInt64(site) << 8 | UInt64(kind.rawValue))
    }
}
