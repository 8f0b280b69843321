internal import PorticoBytes

/// One purge as the journal remembers it.
package struct JournalRecord: Equatable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        case tag = 1
        case url
        case host
        case prefix
        case pattern
        /// All of a site, or of every site where `site` is empty.
        case everything
        case urlPattern
        /// What several conditions reach together (`PurgeTarget.encoded`).
        case allOf
    }

    package enum Hardness: UInt8, Sendable {
        /// Never to be served again.
        case hard = 1
        /// Stale from now on.
        case soft
    }

    package var kind: Kind
    package var hardness: Hardness
    package var sequence: UInt64
    /// In microseconds since 1970.
    package var at: Int64
    package var site: [UInt8]
    /// The tag, URL, host, prefix or pattern; empty where everything is meant.
    package var key: [UInt8]

    package init(
        _ kind: Kind, _ hardness: Hardness = .hard, sequence: UInt64, at: Int64,
        site: [UInt8] = [], key: [UInt8] = []
    ) {
        self.kind = kind
        self.hardness = hardness
        self.sequence = sequence
        self.at = at
        self.site = site
        self.key = key
    }
}

/// How a purge stands in the journal: a head of 16 bytes and then what it is.
///
///     0 length  4 length, inverted  8 checksum  |  0 kind, hardness  4 length of site
///     8 sequence  16 time  24 site, key
///
/// The length stands twice so that a damaged one is not taken for a frame that was cut off: what
/// is cut off was never acknowledged and may be dropped; what is damaged was.
enum JournalFrame: Equatable {
    case purge(JournalRecord)
    /// The process started and numbers purges from here on.
    case start(sequence: UInt64)

    static let headBytes = 16
    static let maxBytes = 1 << 20

    var sequence: UInt64 {
        switch self {
        case .purge(let purge): purge.sequence
        case .start(let sequence): sequence
        }
    }

    func append(to buffer: inout Buffer, secret: UInt64) {
        var content = Buffer(capacity: 128)
        switch self {
        case .purge(let purge):
            content.append(
                number: UInt32(purge.kind.rawValue) | UInt32(purge.hardness.rawValue) << 8)
            content.append(number: UInt32(purge.site.count))
            content.append(number: purge.sequence)
            content.append(number: purge.at)
            content.append(purge.site.span)
            content.append(purge.key.span)
        case .start(let sequence):
            content.append(number: UInt32(0))
            content.append(number: UInt32(0))
            content.append(number: sequence)
            content.append(number: Int64(0))
        }
        buffer.append(number: UInt32(content.count))
        buffer.append(number: ~UInt32(content.count))
        let checksum = Checksum.of(content.bytes, seed: secret)
        buffer.append(number: checksum)
        buffer.append(content.bytes)
    }

    enum Reading {
        case frame(JournalFrame, byteCount: Int)
        /// The bytes end before the frame does.
        case cut
        case damaged
    }

    static func read(_ bytes: Span<UInt8>, secret: UInt64) -> Reading {
        guard bytes.count >= headBytes else { return .cut }
        let length = Int(bytes.uint32(at: 0))
        guard bytes.uint32(at: 4) == ~bytes.uint32(at: 0), length >= 24, length <= maxBytes
        else { return .damaged }
        guard bytes.count >= headBytes + length else { return .cut }
        let content = bytes.extracting(headBytes..<headBytes + length)
        guard bytes.uint64(at: 8) == Checksum.of(content, seed: secret) else { return .damaged }
        let sequence = content.uint64(at: 8)
        let byteCount = headBytes + length
        if content[0] == 0 { return .frame(.start(sequence: sequence), byteCount: byteCount) }
        let siteLength = Int(content.uint32(at: 4))
        guard let kind = JournalRecord.Kind(rawValue: content[0]),
            let hardness = JournalRecord.Hardness(rawValue: content[1]), siteLength <= length - 24
        else { return .damaged }
        let purge = JournalRecord(
            kind, hardness, sequence: sequence, at: content.int64(at: 16),
            site: content.extracting(24..<24 + siteLength).array,
            key: content.extracting(24 + siteLength..<length).array)
        return .frame(.purge(purge), byteCount: byteCount)
    }
}
