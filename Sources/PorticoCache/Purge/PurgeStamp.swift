internal import PorticoBytes
internal import Synchronization

/// What one stored object remembers of purges: when its fetch began, and what it is marked with.
///
/// Its words are held in the ledger as long as it lives.
package struct PurgeStamp: ~Copyable, Sendable {
    /// The number of the last purge before the fetch began.
    package let fence: UInt64
    /// Some word found no room in the ledger: the object must not be stored, since a purge
    /// would not find it.
    package private(set) var isIncomplete = false
    /// The site's first.
    package private(set) var marks: [UInt32]
    let site: UInt32
    private let ledger: PurgeLedger
    /// The resource was changed since the fetch began: what it brought is not for others.
    package private(set) var isInvalidated = false
    /// The last invalidation before the fetch began.
    private let invalidations: UInt64
    /// The number up to which the object was checked, shifted by one, and whether it was stale.
    let checked = Atomic<UInt64>(.max)
    /// The number up to which purges that look at objects have seen it, and let it be.
    let surveyed: Atomic<UInt64>
    /// From when on it is stale by a soft purge, in ticks; 0: not asked yet.
    let staleFrom = Atomic<Int64>(0)

    init(
        ledger: PurgeLedger, fence: UInt64, invalidations: UInt64 = .max, site: PurgeSite
    ) {
        self.ledger = ledger
        self.fence = fence
        self.invalidations = invalidations
        self.site = site.number
        surveyed = Atomic(fence)
        marks = [site.mark]
    }

    private init(
        ledger: PurgeLedger, fence: UInt64, surveyed: UInt64, site: UInt32, marks: [UInt32]
    ) {
        self.ledger = ledger
        self.fence = fence
        self.surveyed = Atomic(surveyed)
        self.site = site
        self.marks = marks
        invalidations = .max
    }

    deinit {
        for mark in marks { ledger.table.release(mark) }
    }

    /// `host/path?query`, as `PurgeTarget.url` names it.
    package mutating func add(url: Span<UInt8>) {
        // Marked first: who invalidates looks for the mark last, so that one of both is seen.
        add(url, .url)
        if ledger.invalidations.last(of: url) > invalidations { isInvalidated = true }
    }

    package mutating func add(host: Span<UInt8>) { add(host, .host) }

    package mutating func add(tag: Span<UInt8>) { add(tag, .tag) }

    /// The value of a field that purges can name, such as `content-type`.
    package mutating func add(field: StaticString, _ value: Span<UInt8>) {
        add(PurgePattern.word(field: field, value.array).span, .tag)
    }

    /// The value of a tag field: tags between blanks and commas.
    package mutating func add(tagList: Span<UInt8>) {
        var start = 0
        for index in 0...tagList.count {
            if index < tagList.count {
                let byte = tagList[index]
                guard byte == 0x20 || byte == 0x2C || byte == 0x09 else { continue }
            }
            if index > start { add(tag: tagList.extracting(start..<index)) }
            start = index + 1
        }
    }

    private mutating func add(_ word: Span<UInt8>, _ kind: MarkKind) {
        guard let mark = ledger.table.use(word, kind, site: site, now: ledger.now) else {
            isIncomplete = true
            return
        }
        marks.append(mark)
    }

    /// The same marks for an object that was validated by a request begun at `fence`.
    package func renewed(since fence: UInt64) -> PurgeStamp {
        for mark in marks { ledger.table.useAgain(mark) }
        let surveyed = max(fence, surveyed.load(ordering: .relaxed))
        return PurgeStamp(
            ledger: ledger, fence: fence, surveyed: surveyed, site: site, marks: marks)
    }

    /// What takes the other takes this one.
    package mutating func add(marksOf other: borrowing PurgeStamp) {
        for mark in other.marks {
            ledger.table.useAgain(mark)
            marks.append(mark)
        }
        if other.isIncomplete { isIncomplete = true }
    }

    /// Allocated bytes.
    var footprint: Int { heapBytes(ofArray: marks.capacity * 4) }
}
