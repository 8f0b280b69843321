internal import PorticoBytes
package import PorticoHTTP

/// The times and rules of a stored response, as the policy computed them when it was stored.
/// Wall clock in milliseconds since 1970, durations in milliseconds.
package struct EntryTimes: Equatable, Sendable {
    /// When the response was received (RFC 9111 §4.2.3, `response_time`).
    package var storedAt: Int64
    /// `corrected_initial_age`.
    package var initialAge: Int64
    /// `freshness_lifetime`.
    package var lifetime: Int64
    package var staleWhileRevalidate: Int64
    package var staleIfError: Int64
    /// The policy's own.
    package var flags: UInt64

    package init(
        storedAt: Int64, initialAge: Int64 = 0, lifetime: Int64, staleWhileRevalidate: Int64 = 0,
        staleIfError: Int64 = 0, flags: UInt64 = 0
    ) {
        self.storedAt = storedAt
        self.initialAge = initialAge
        self.lifetime = lifetime
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
        self.flags = flags
    }
}

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
    package let times: EntryTimes
    package let stamp: PurgeStamp
    package let body: GrowingBody
    /// Of the head, the keys and the stamp; the body counts itself.
    let footprint: Int
    private let meter: MemoryMeter

    /// `variant`: what of the request it depends on, in the policy's own writing; empty without
    /// Vary. The head is copied into arrays of the right size.
    package init(
        _ store: MemoryStore, key: Span<UInt8>, hash: KeyHash, variant: Span<UInt8>,
        head: borrowing ResponseHead, times: EntryTimes, stamp: consuming PurgeStamp,
        body: GrowingBody
    ) {
        self.hash = hash
        var keys: [UInt8] = []
        keys.reserveCapacity(key.count + variant.count)
        // SAFETY: the array copies before the pointers end.
        unsafe key.withUnsafeBufferPointer { unsafe keys.append(contentsOf: $0) }
        unsafe variant.withUnsafeBufferPointer { unsafe keys.append(contentsOf: $0) }
        self.keys = keys
        keyCount = key.count
        self.head = head.compacted()
        self.times = times
        self.body = body
        meter = store.meter
        footprint =
            Self.overhead + heapBytes(ofArray: keys.capacity) + stamp.footprint
            + heapBytes(ofArray: self.head.fields.storage.capacity)
            + heapBytes(
                ofArray: self.head.fields.lines.capacity * MemoryLayout<Fields.Line>.stride)
        self.stamp = stamp
        meter.charge(footprint)
    }

    deinit { meter.refund(footprint) }

    /// The object itself.
    private static let overhead = heapBytes(280)

    package var key: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes(0..<keyCount) }
    }

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

    /// Head, keys, stamp and body so far.
    package var bytes: Int { footprint + body.length }
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
