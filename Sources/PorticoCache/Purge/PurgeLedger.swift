package import PorticoBytes
internal import Synchronization

/// How deep a purge goes.
package enum PurgeDepth: UInt8, Sendable {
    /// The object is not served again.
    case hard
    /// The object is stale: it may be served while, or because, a newer one cannot be had yet.
    case soft
}

/// A site under which objects are marked; the same number for the same name as long as the
/// ledger lives.
package struct PurgeSite: Hashable, Sendable {
    let number: UInt32
    /// That all of the site's objects are marked with.
    let mark: UInt32
}

/// What is to be purged, within one site or in all of them.
package enum PurgeTarget: Equatable, Sendable {
    case tags([[UInt8]])
    /// Host, path and query in the cache's normal form, without scheme: `host/path?query`.
    case url([UInt8])
    case host([UInt8])
    /// All URLs that begin so.
    case prefix([UInt8])
    /// Every tag, or every value of some field, for which the matcher holds that the caller brings:
    /// a `PurgePattern` of this text.
    case pattern([UInt8])
    /// Every URL for which it holds.
    case urlPattern([UInt8])
    /// What each of these reaches: the conditions of one BAN.
    case allOf([PurgeTarget])
    case everything

    /// Whether a `PurgePattern` says what is meant.
    package var isPattern: Bool {
        switch self {
        case .pattern, .urlPattern: true
        case .tags, .url, .host, .prefix, .allOf, .everything: false
        }
    }

    /// Whether all words have to be looked at: work for the pool, not for a worker's loop.
    package var isScan: Bool {
        switch self {
        case .prefix, .pattern, .urlPattern, .allOf: true
        case .tags, .url, .host, .everything: false
        }
    }
}

/// What a purge leaves behind of an object.
package enum PurgeVerdict: Int, Comparable, Sendable {
    case untouched
    /// Softly purged: stale.
    case stale
    /// Purged: not to be served in any way.
    case gone

    package static func < (left: PurgeVerdict, right: PurgeVerdict) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Whether a tag, or a URL, is meant by a purge pattern.
package typealias TagMatcher = @Sendable (Span<UInt8>) -> Bool

/// What came of one purge.
package struct PurgeReceipt: Sendable {
    package let number: UInt64
    /// 32 hexadecimal digits, not to be guessed.
    package let id: String
    /// How many words it reached: tags named, or tags and URLs that matched.
    package let count: Int
    /// False: it holds on every worker, but a restart might undo it, because the disk failed when
    /// it was to be written down. Such a purge is not answered with 200.
    package var isDurable = true

    package init(number: UInt64, id: String, count: Int, isDurable: Bool = true) {
        self.number = number
        self.id = id
        self.count = count
        self.isDurable = isDurable
    }
}

/// Which purges there were, and the comparison that says whether an object survived them.
///
/// A purge is one number, the next of a sequence, stored at each word that it names; it costs the
/// same for one object or a million. An object remembers in its `PurgeStamp` the number
/// at which its fetch began and the words it is marked with, and is fresh only if none of
/// them was purged later. So a fetch that began before a purge is never fresh after it, however late
/// it ends. The stamp also remembers at which number it was last found fresh: while
/// nobody purges, a hit costs one comparison.
///
/// Done means done: the numbers are stored at the words first and the sequence is published last,
/// before `purge` returns. Who loads the sequence afterwards looks at the words again. Purges are made
/// one at a time; hits take no lock.
///
/// A purge within a site reaches only objects of that site: words are kept apart by site.
package final class PurgeLedger: Sendable {
    private struct Sites {
        var numbers: [[UInt8]: UInt32] = [:]
        /// By number, from 1 on.
        var marks: [UInt32] = []
        var names: [[UInt8]] = []
    }

    /// A site's own mark has no word.
    private static let noWord: [UInt8] = []

    let table: MarkTable
    /// For objects on disk; nil where there is no disk store.
    private let history: PurgeHistory?
    private let sequence = Atomic<UInt64>(1)
    private let hardFloor = Atomic<UInt64>(0)
    private let softFloor = Atomic<UInt64>(0)
    /// The last purge that looked at objects instead of words.
    private let survey = Atomic<UInt64>(0)
    /// Held during a purge.
    private let sites = Mutex(Sites())
    private let namer = KeyHasher()
    /// When soft purges were.
    let softTimes = SoftTimes()
    /// What was changed at the origin, as unsafe requests show.
    let invalidations = Invalidations()

    /// The purges that can be asked about.
    package let log = PurgeLog()

    /// `maxMarks`: how many distinct words (tags, URLs, hosts) objects may be marked with at a
    /// time. Each costs 24 bytes of address space at once, and about 50 bytes and itself when used.
    /// `remembers`: each purge is kept, for objects on disk that have not heard of it.
    package init(
        maxMarks: Int = 1 << 22, hasher: KeyHasher = KeyHasher(), remembers: Bool = false
    ) {
        table = MarkTable(limit: maxMarks, hasher: hasher)
        history = remembers ? PurgeHistory(hasher: hasher) : nil
    }

    /// Memory held by words and numbers of objects in memory.
    package var bytes: Int { table.bytes.load(ordering: .relaxed) }

    /// Memory held by purges for objects on disk.
    package var historyBytes: Int { history?.byteCount ?? 0 }

    /// How many words are known.
    package var markCount: Int { table.count }

    /// The site of this name, which is known from now on.
    package func site(_ name: [UInt8]) -> PurgeSite {
        sites.withLock { sites in
            if let number = sites.numbers[name] {
                return PurgeSite(number: number, mark: sites.marks[Int(number) - 1])
            }
            let number = UInt32(sites.marks.count + 1)
            // Used by the ledger itself, so never collected.
            guard let mark = table.use(Self.noWord.span, .site, site: number, now: now) else {
                preconditionFailure("no room for the mark of a site")
            }
            sites.numbers[name] = number
            sites.marks.append(mark)
            sites.names.append(name)
            return PurgeSite(number: number, mark: mark)
        }
    }

    package func name(of site: PurgeSite) -> [UInt8] {
        sites.withLock { $0.names[Int(site.number) - 1] }
    }

    // MARK: - Objects on disk

    /// Asks `forgotten` from now on up to which number purges concern nothing on disk.
    package func follow(_ forgotten: @escaping @Sendable () -> UInt64) {
        history?.follow(forgotten)
    }

    /// What purges left of an object on disk that was fetched at number `fence`; and the number
    /// up to which that is certain, since when it counts as fetched if it is kept in memory.
    /// `staleSince`: the soft purge that made it stale, if its time is known.
    package func verdict(
        on words: PurgeWords, of site: PurgeSite, since fence: UInt64
    ) -> (PurgeVerdict, until: UInt64, staleSince: Instant?) {
        let number = now
        guard let history else { return (.gone, number, nil) }
        let (verdict, soft) = history.verdict(on: words, of: site.number, since: fence)
        return (verdict, number, verdict == .stale ? softTimes.time(of: soft) : nil)
    }

    /// The stamp of an object that was on disk.
    package func stamp(
        since number: UInt64, _ words: PurgeWords, of site: PurgeSite
    ) -> PurgeStamp {
        var stamp = stamp(since: number, of: site)
        stamp.add(url: words.url.span)
        stamp.add(host: words.host.span)
        for tag in words.tags { stamp.add(tag: tag.span) }
        return stamp
    }

    /// Notes a purge of the journal, before there is anything in memory. `at`: when it was.
    package func remember(
        _ purge: JournalRecord, at time: Instant, where matches: @escaping TagMatcher
    ) {
        if purge.depth == .soft { softTimes.append(purge.sequence, at: time) }
        let site = purge.site.isEmpty ? PurgeHistory.allSites : self.site(purge.site).number
        history?.note(purge.target, of: site, purge.depth, purge.sequence, matches)
    }

    // MARK: - Marking

    /// The number of the last purge. Taken before a fetch begins, and given to its stamp.
    package var now: UInt64 { sequence.load(ordering: .acquiring) }

    /// The number of the last invalidation; taken with `now`.
    package var lastInvalidation: UInt64 { invalidations.now }

    /// The stamp of what was fetched from number `fence` on. The caller adds URL, host and tags.
    package func stamp(
        since fence: UInt64, invalidations: UInt64 = .max, of site: PurgeSite
    ) -> PurgeStamp {
        table.useAgain(site.mark)
        return PurgeStamp(ledger: self, fence: fence, invalidations: invalidations, site: site)
    }

    var softFloorNumber: UInt64 { softFloor.load(ordering: .relaxed) }

    var siteNumbers: [UInt32] {
        sites.withLock { $0.marks.isEmpty ? [] : Array(1...UInt32($0.marks.count)) }
    }

    // MARK: - Asking

    /// Whether purges left the object alone. Asked for each hit: 2 ns while nobody purges.
    package func verdict(on stamp: borrowing PurgeStamp) -> PurgeVerdict {
        let number = sequence.load(ordering: .acquiring)
        let checked = stamp.checked.load(ordering: .relaxed)
        if checked >> 1 == number { return checked & 1 == 0 ? .untouched : .stale }
        return verdict(on: stamp, at: number)
    }

    private func verdict(on stamp: borrowing PurgeStamp, at number: UInt64) -> PurgeVerdict {
        let fence = stamp.fence
        if hardFloor.load(ordering: .relaxed) > fence { return .gone }
        var isStale = softFloor.load(ordering: .relaxed) > fence
        for id in stamp.marks {
            if table.hardNumber(of: id) > fence { return .gone }
            if table.softNumber(of: id) > fence { isStale = true }
        }
        stamp.checked.store(number << 1 | (isStale ? 1 : 0), ordering: .relaxed)
        return isStale ? .stale : .untouched
    }

    /// Whether the object carries this tag.
    package func carries(
        _ tag: Span<UInt8>, of site: PurgeSite, _ stamp: borrowing PurgeStamp
    ) -> Bool {
        guard let id = table.find(tag, .tag, site: site.number) else { return false }
        return stamp.marks.contains(id)
    }

    /// Whether the object carries this tag, in whichever site it is.
    package func carries(_ tag: Span<UInt8>, _ stamp: borrowing PurgeStamp) -> Bool {
        guard let id = table.find(tag, .tag, site: stamp.site) else { return false }
        return stamp.marks.contains(id)
    }

    // MARK: - Purging

    /// Purges, and is done when it returns: no request that begins now gets what was fetched
    /// before as fresh. `site`: nil for all. Patterns and prefixes take time with the number of
    /// words known (nobody else waits for that): they belong into the pool.
    ///
    /// - Parameter now: from when on a soft purge makes stale; nil: from when that is noticed.
    package func purge(
        _ target: PurgeTarget, of site: PurgeSite?, _ depth: PurgeDepth, at now: Instant? = nil,
        where matches: @escaping TagMatcher = { _ in false }
    ) -> PurgeReceipt {
        if target.isScan {
            return scan(target, of: site, depth, at: now, matches)
        }
        let (number, count) = sites.withLock { sites in
            let number = sequence.load(ordering: .relaxed) + 1
            if depth == .soft, let now { softTimes.append(number, at: now) }
            let count = apply(target, of: site, depth, number, sites, matches)
            sequence.store(number, ordering: .sequentiallyConsistent)
            return (number, count)
        }
        return PurgeReceipt(number: number, id: id(of: number), count: count)
    }

    /// A purge of what several conditions reach together. No mark says that, so the store's objects
    /// are looked at, one by one: `looking` gets the purge's number, and answers how many objects
    /// it removed. What is being fetched meanwhile is not stored (`isSurveyed`), whatever it is.
    func purge(
        surveying target: PurgeTarget, of site: PurgeSite?, _ depth: PurgeDepth,
        looking: (UInt64) -> Int
    ) -> PurgeReceipt {
        let number = sites.withLock { _ in
            let number = sequence.load(ordering: .relaxed) + 1
            note(target, of: site, depth, number, { _ in false })
            survey.store(number, ordering: .sequentiallyConsistent)
            sequence.store(number, ordering: .sequentiallyConsistent)
            return number
        }
        return PurgeReceipt(number: number, id: id(of: number), count: looking(number))
    }

    /// Whether each purge that looked at objects has seen this one, or was over when its fetch
    /// began.
    func isSurveyed(_ stamp: borrowing PurgeStamp) -> Bool {
        survey.load(ordering: .sequentiallyConsistent)
            <= stamp.surveyed.load(ordering: .sequentiallyConsistent)
    }

    /// A purge that looks at all words, without keeping others from purging meanwhile.
    ///
    /// Two numbers: from the first on, words that are new begin as purged, and what is fetched now is
    /// newer than the purge; the second is published when all words were looked at, so that who was
    /// checked in between is checked again.
    private func scan(
        _ target: PurgeTarget, of site: PurgeSite?, _ depth: PurgeDepth, at now: Instant?,
        _ matches: @escaping TagMatcher
    ) -> PurgeReceipt {
        let number = sites.withLock { _ in
            let number = sequence.load(ordering: .relaxed) + 1
            if depth == .soft, let now { softTimes.append(number, at: now) }
            note(target, of: site, depth, number, matches)
            table.raiseFloors(of: target.kind, depth, to: number)
            sequence.store(number, ordering: .sequentiallyConsistent)
            return number
        }
        let count = scan(target, of: site, depth, number, matches)
        let last = sites.withLock { _ in
            let last = sequence.load(ordering: .relaxed) + 1
            sequence.store(last, ordering: .sequentiallyConsistent)
            return last
        }
        return PurgeReceipt(number: last, id: id(of: last), count: count)
    }

    private func scan(
        _ target: PurgeTarget, of site: PurgeSite?, _ depth: PurgeDepth, _ number: UInt64,
        _ matches: (Span<UInt8>) -> Bool
    ) -> Int {
        table.purge(target.kind, site: site?.number, depth, number: number) { word in
            guard case .prefix(let prefix) = target else { return matches(word) }
            return word.count >= prefix.count
                && word.extracting(..<prefix.count).equals(prefix.span)
        }
    }

    /// Makes the sequence go on behind `number`: the highest that a store or journal remembers.
    package func advance(past number: UInt64) {
        sites.withLock { _ in
            if sequence.load(ordering: .relaxed) <= number {
                sequence.store(number + 1, ordering: .sequentiallyConsistent)
            }
        }
    }

    /// Before its number is out, so that who reads an object from disk knows of the purge.
    private func note(
        _ target: PurgeTarget, of site: PurgeSite?, _ depth: PurgeDepth, _ number: UInt64,
        _ matches: @escaping TagMatcher
    ) {
        history?.note(
            target, of: site?.number ?? PurgeHistory.allSites, depth, number, matches)
    }

    private func apply(
        _ target: PurgeTarget, of site: PurgeSite?, _ depth: PurgeDepth, _ number: UInt64,
        _ sites: borrowing Sites, _ matches: @escaping TagMatcher
    ) -> Int {
        note(target, of: site, depth, number, matches)
        switch target {
        case .tags(let tags):
            for tag in tags { purge(tag.span, .tag, of: site, depth, number, sites) }
            return tags.count
        case .url(let url):
            purge(url.span, .url, of: site, depth, number, sites)
            return 1
        case .host(let host):
            purge(host.span, .host, of: site, depth, number, sites)
            return 1
        case .prefix, .pattern, .urlPattern, .allOf:
            preconditionFailure("these are scans")
        case .everything:
            if let site {
                table.purge(Self.noWord.span, .site, site: site.number, depth, number: number)
            } else {
                switch depth {
                case .hard: _ = hardFloor.max(number, ordering: .relaxed)
                case .soft: _ = softFloor.max(number, ordering: .relaxed)
                }
            }
            return 1
        }
    }

    private func purge(
        _ word: Span<UInt8>, _ kind: MarkKind, of site: PurgeSite?, _ depth: PurgeDepth,
        _ number: UInt64, _ sites: borrowing Sites
    ) {
        if let site {
            table.purge(word, kind, site: site.number, depth, number: number)
        } else if !sites.marks.isEmpty {
            for site in 1...sites.marks.count {
                table.purge(word, kind, site: UInt32(site), depth, number: number)
            }
        }
    }

    func id(of number: UInt64) -> String {
        let hash = namer(Self.noWord.span, prefix: number)
        return Self.hexadecimal(hash.high) + Self.hexadecimal(hash.low)
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

extension PurgeTarget {
    /// The words that a purge which looks at all of them looks at.
    fileprivate var kind: MarkKind {
        switch self {
        case .tags, .pattern: .tag
        case .url, .prefix, .urlPattern: .url
        case .host: .host
        case .allOf, .everything: .site
        }
    }
}
