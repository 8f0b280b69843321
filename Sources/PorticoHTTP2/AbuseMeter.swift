internal import PorticoBytes

/// Counts what costs us work and brings the peer nothing: frames that carry no message, streams
/// that are taken back.
///
/// Two buckets that fill up with time; an honest peer never sees their bottom. Useful work fills the
/// first one, too, since much of it needs frames beside it: windows are opened for what we
/// send, and some clients ping for each piece that they get.
struct AbuseMeter {
    /// Frames without a message: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, unknown types.
    private var frames: Bucket
    /// Streams reset by the peer, or by us because of the peer (CVE-2023-44487, CVE-2025-8671). A
    /// browser that leaves a page takes back what it has asked for, at most all streams at once.
    private var resets: Bucket
    /// DATA bytes sent since the last credit was given.
    private var sent = 0
    /// The header section that is coming in: bytes and frames of it.
    private var section = (bytes: 0, frames: 0)
    private let mostSectionBytes: Int

    /// Compressed, a section is never larger than what it stands for, or nearly so; what is refused
    /// by its size is read up to twice that, to be answered with 431.
    init(headBytes: Int, at now: Instant) {
        frames = Bucket(size: 1000, perSecond: 200, at: now)
        resets = Bucket(size: 256, perSecond: 20, at: now)
        mostSectionBytes = 2 * headBytes + 16384
    }

    /// The head of a frame has come; whether it is within bounds.
    mutating func begins(_ type: FrameType?, _ flags: UInt8, _ length: Int, at now: Instant) -> Bool
    {
        switch type {
        case .headers:
            frames.give(4)
            section = (length, 1)
            return true
        case .continuation:
            section.bytes += length
            section.frames += 1
            // RFC 9113 §10.5.1: the only bound of a section is the one that we set. A frame
            // that is not full is only worth sending once.
            return section.bytes <= mostSectionBytes
                && section.frames <= 8 + section.bytes / 1024
        case .data:
            if length > 0 || flags & Self.endStream != 0 {
                if length > 0 { frames.give(1) }
                return true
            }
            return frames.take(1, at: now)
        case .resetStream: return resets.take(1, at: now)
        case .settings: return frames.take(flags & Self.ack != 0 ? 1 : 10, at: now)
        case .priority, .ping, .windowUpdate, .goAway, .pushPromise, .priorityUpdate, nil:
            return frames.take(1, at: now)
        }
    }

    /// A DATA frame that was nothing but padding.
    mutating func wasEmpty(at now: Instant) -> Bool { frames.take(2, at: now) }

    /// DATA for a stream that we have reset: some is on its way whenever that happens.
    mutating func wasWasted(at now: Instant) -> Bool { frames.take(2, at: now) }

    mutating func sentData(_ count: Int) {
        sent += count
        // A window update for the stream and one for the connection, every 2 KiB.
        guard sent >= 2048 else { return }
        frames.give(2 * (sent / 2048))
        sent %= 2048
    }

    /// We reset a stream for what the peer did to it.
    mutating func sentReset(at now: Instant) -> Bool { resets.take(1, at: now) }

    private static let endStream: UInt8 = 1
    private static let ack: UInt8 = 1
}

/// Tokens that come with time, up to a bound.
private struct Bucket {
    private let size: Int
    /// Nanoseconds for one token.
    private let period: UInt64
    private var tokens: Int
    private var filled: Instant

    init(size: Int, perSecond: UInt64, at now: Instant) {
        self.size = size
        period = 1_000_000_000 / perSecond
        tokens = size
        filled = now
    }

    mutating func take(_ count: Int, at now: Instant) -> Bool {
        tokens -= count
        if tokens >= 0 { return true }
        // Only here is the time looked at.
        let earned = Int(clamping: min(now.since(filled).nanoseconds / period, UInt64(size) * 2))
        filled = now
        tokens = min(size, earned + tokens)
        return tokens >= 0
    }

    mutating func give(_ count: Int) { tokens = min(size, tokens + count) }
}

/// RFC 9113 §6, RFC 9218 §7.1.
enum FrameType: UInt8 {
    case data = 0
    case headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate
    case continuation
    case priorityUpdate = 16
}
