internal import PorticoBytes
package import PorticoHTTP
internal import Synchronization

/// One response as the cache keeps it: immutable, except that its body may still grow and its
/// stamp learns what it was checked against. Retained once per response that is served from it.
///
/// A validated response (RFC 9111 §4.3.4) is a new one with the same body.
package final class StoredResponse: Sendable {
    package let hash: KeyHash
    /// Key and variant in one array: two would cost 48 bytes more.
    private let keys: [UInt8]
    private let keyCount: Int
    package let head: ResponseHead
    package let rules: StoredRules
    /// Which requests it answers.
    package let selector: Variant
    package let stamp: PurgeStamp
    package let body: GrowingBody
    /// Where the body is if it is not in memory; then `body` only knows how long it is.
    package let disk: DiskObject?
    /// Of the head, the keys and the stamp; the body counts itself.
    let footprint: Int
    private let meter: MemoryMeter
    /// The digest of the rules that found nothing against it; 0: none have.
    private let approval = Atomic<UInt64>(0)

    /// The head is copied into arrays of the right size.
    package init(
        _ store: MemoryStore, key: Span<UInt8>, hash: KeyHash, selector: Variant,
        head: borrowing ResponseHead, rules: StoredRules, stamp: consuming PurgeStamp,
        body: GrowingBody, disk: DiskObject? = nil
    ) {
        self.hash = hash
        var keys: [UInt8] = []
        keys.reserveCapacity(key.count + selector.bytes)
        // SAFETY: the array copies before the pointers end.
        unsafe key.withUnsafeBufferPointer { unsafe keys.append(contentsOf: $0) }
        keys += selector.vary.names
        keys += selector.values
        self.keys = keys
        keyCount = key.count
        self.head = head.compacted()
        self.rules = rules
        self.selector = selector
        self.body = body
        self.disk = disk
        meter = store.meter
        footprint =
            Self.overhead + heapBytes(ofArray: keys.capacity) + stamp.footprint
            + (selector.bytes == 0
                ? 0
                : heapBytes(ofArray: selector.vary.names.count)
                    + heapBytes(ofArray: selector.values.count))
            + heapBytes(ofArray: self.head.fields.storage.capacity)
            + heapBytes(
                ofArray: self.head.fields.lines.capacity * MemoryLayout<Fields.Line>.stride)
        self.stamp = stamp
        meter.charge(footprint)
    }

    deinit { meter.refund(footprint) }

    /// The object itself.
    private static let overhead = heapBytes(320)

    package var key: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes(0..<keyCount) }
    }

    /// The selector in one piece: who has the same is replaced.
    package var variant: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes(keyCount..<keys.count) }
    }

    @_lifetime(borrow self)
    private func bytes(_ range: Range<Int>) -> Span<UInt8> {
        // SAFETY: a constant array's storage lives and stays put as long as its owner.
        let buffer = unsafe keys.withUnsafeBufferPointer { unsafe $0 }
        let span = unsafe Span(_unsafeElements: buffer)
        return unsafe _overrideLifetime(span.extracting(range), borrowing: self)
    }

    /// Whether the rules with this digest have seen it and found nothing. Others ask again.
    package func isApproved(by digest: UInt64) -> Bool {
        approval.load(ordering: .relaxed) == digest
    }

    package func approve(by digest: UInt64) { approval.store(digest, ordering: .relaxed) }

    /// Head, keys, stamp and body so far.
    package var bytes: Int { footprint + body.length }

    /// The same with what was made of the body since.
    var weight: Int { footprint + body.allBytes }
}

extension ResponseHead {
    /// The same head with nothing in its storage but the lines that it has.
    fileprivate func compacted() -> ResponseHead {
        var head = ResponseHead(status: status)
        head.version = version
        var count = 0
        for line in fields.lines { count += line.nameRange.count + line.valueRange.count }
        head.fields.reserve(bytes: count, lines: fields.count)
        for index in 0..<fields.count {
            head.fields.append(name: fields.name(at: index), value: fields.value(at: index))
        }
        return head
    }
}
