internal import PorticoBytes

/// When a stored answer is fresh, in terms that outlive the process: the wall clock, and
/// durations in microseconds. `Int64.min` in any of them may stand for "none"; the store only
/// keeps them.
package struct DiskTimes: Equatable, Sendable {
    /// When the answer was received, in microseconds since 1970.
    package var receivedAt: Int64
    /// corrected_initial_age (RFC 9111 §4.2.3).
    package var initialAge: Int64
    /// freshness_lifetime (§4.2.1).
    package var lifetime: Int64
    package var staleWhileRevalidate: Int64
    package var staleIfError: Int64

    package init(
        receivedAt: Int64, initialAge: Int64 = 0, lifetime: Int64 = 0,
        staleWhileRevalidate: Int64 = 0, staleIfError: Int64 = 0
    ) {
        self.receivedAt = receivedAt
        self.initialAge = initialAge
        self.lifetime = lifetime
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
    }
}

/// An object on its way to the disk; everything but its body.
package struct DiskRecord: Equatable, Sendable {
    package var key: [UInt8]
    /// What the named request fields were; empty: the answer does not vary.
    package var variantKey: [UInt8]
    package var status: UInt16
    /// The response head in the caller's own form.
    package var head: [UInt8]
    /// In the caller's own form, such as one a line.
    package var tags: [UInt8]
    /// What else the caller wants back.
    package var annex: [UInt8]
    package var times: DiskTimes
    /// The purge sequence when the fetch began.
    package var fillSequence: UInt64
    /// The caller's.
    package var flags: UInt32

    package init(
        key: [UInt8], variantKey: [UInt8] = [], status: UInt16, head: [UInt8], tags: [UInt8] = [],
        annex: [UInt8] = [], times: DiskTimes, fillSequence: UInt64, flags: UInt32 = 0
    ) {
        self.key = key
        self.variantKey = variantKey
        self.status = status
        self.head = head
        self.tags = tags
        self.annex = annex
        self.times = times
        self.fillSequence = fillSequence
        self.flags = flags
    }
}

/// The first 128 bytes of a record.
///
///     0 magic  4 version, kind  8 key digest  24 lengths: body, key, variant, head, tags, annex
///     48 variant digest  52 caller's flags  56 fill sequence  64 times (5 × 8)
///     104 status  108 zero  112 checksum of the parts  120 checksum of these 120 bytes
///
/// Then the parts (key, variant key, response head, tags, annex, a checksum of each 256 KiB of
/// the body), padded to 64 bytes; then the body, padded to 64 bytes.
///
/// The second checksum is seeded with the store's secret, the segment and the place in it. So a
/// body that holds the bytes of a record, by accident or by design, is never taken for one when a
/// scan looks for the next record behind a damaged one.
struct RecordHead: Equatable {
    enum Kind: UInt16 {
        case object = 1
        /// Says that older records of this key and variant are void.
        case tombstone = 2
    }

    static let byteCount = 128
    static let magic: UInt32 = 0x3152_6F50
    static let version: UInt16 = 1
    /// How much of a body one checksum covers: what is read ahead before the first byte leaves.
    static let blockBytes = 256 << 10
    /// Heads with more are refused: 256 kB of tags and large fields fit.
    static let maxPartsBytes = 4 << 20

    var kind = Kind.object
    var key: DiskKey
    var variant: UInt32
    var bodyLength: Int
    var keyLength: Int
    var variantLength: Int
    var headLength: Int
    var tagsLength: Int
    var annexLength: Int
    var flags: UInt32
    var fillSequence: UInt64
    var times: DiskTimes
    var status: UInt16
    var partsChecksum: UInt64 = 0

    init(_ record: DiskRecord, key: DiskKey, variant: UInt32, bodyLength: Int) {
        self.key = key
        self.variant = variant
        self.bodyLength = bodyLength
        keyLength = record.key.count
        variantLength = record.variantKey.count
        headLength = record.head.count
        tagsLength = record.tags.count
        annexLength = record.annex.count
        flags = record.flags
        fillSequence = record.fillSequence
        times = record.times
        status = record.status
    }

    /// Reads what stands at the beginning of `bytes`; nil if that is no record of this place.
    init?(_ bytes: Span<UInt8>, seed: UInt64) {
        guard bytes.count >= Self.byteCount, bytes.uint32(at: 0) == Self.magic,
            bytes.uint64(at: 120) == Checksum.of(bytes.extracting(0..<120), seed: seed),
            UInt16(truncatingIfNeeded: bytes.uint32(at: 4)) == Self.version,
            let kind = Kind(rawValue: UInt16(bytes.uint32(at: 4) >> 16))
        else { return nil }
        self.kind = kind
        key = DiskKey(high: bytes.uint64(at: 8), low: bytes.uint64(at: 16))
        bodyLength = Int(bytes.uint32(at: 24))
        keyLength = Int(bytes.uint32(at: 28))
        variantLength = Int(bytes.uint32(at: 32))
        headLength = Int(bytes.uint32(at: 36))
        tagsLength = Int(bytes.uint32(at: 40))
        annexLength = Int(bytes.uint32(at: 44))
        variant = bytes.uint32(at: 48)
        flags = bytes.uint32(at: 52)
        fillSequence = bytes.uint64(at: 56)
        times = DiskTimes(
            receivedAt: bytes.int64(at: 64), initialAge: bytes.int64(at: 72),
            lifetime: bytes.int64(at: 80), staleWhileRevalidate: bytes.int64(at: 88),
            staleIfError: bytes.int64(at: 96))
        status = UInt16(truncatingIfNeeded: bytes.uint32(at: 104))
        partsChecksum = bytes.uint64(at: 112)
        guard partsBytes <= Self.maxPartsBytes, bodyLength <= DiskGeometry.largestSegment
        else { return nil }
    }

    func append(to buffer: inout Buffer, seed: UInt64) {
        let start = buffer.count
        buffer.append(number: Self.magic)
        buffer.append(number: UInt32(Self.version) | UInt32(kind.rawValue) << 16)
        buffer.append(number: key.high)
        buffer.append(number: key.low)
        for length in [
            bodyLength, keyLength, variantLength, headLength, tagsLength, annexLength,
        ] {
            buffer.append(number: UInt32(length))
        }
        buffer.append(number: variant)
        buffer.append(number: flags)
        buffer.append(number: fillSequence)
        for time in [
            times.receivedAt, times.initialAge, times.lifetime, times.staleWhileRevalidate,
            times.staleIfError,
        ] {
            buffer.append(number: time)
        }
        buffer.append(number: UInt64(status))
        buffer.append(number: partsChecksum)
        let checksum = Checksum.of(
            buffer.bytes.extracting(start..<start + 120), seed: seed)
        buffer.append(number: checksum)
    }

    var blockCount: Int { (bodyLength + Self.blockBytes - 1) / Self.blockBytes }
    /// Where the checksums of the blocks begin, counted from the record's beginning.
    var tableOffset: Int {
        Self.byteCount + keyLength + variantLength + headLength + tagsLength + annexLength
    }
    var partsBytes: Int { tableOffset - Self.byteCount + 8 * blockCount }
    /// Where the body begins, counted from the record's beginning.
    var bodyOffset: Int { Self.padded(Self.byteCount + partsBytes) }
    /// With padding.
    var byteCount: Int { bodyOffset + Self.padded(bodyLength) }

    static func padded(_ count: Int) -> Int {
        (count + DiskGeometry.unit - 1) & ~(DiskGeometry.unit - 1)
    }
}

/// A key's 128-bit digest under the store's secret: nobody outside can make two keys meet.
package struct DiskKey: Hashable, Sendable {
    package let high: UInt64, low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
