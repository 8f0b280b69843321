package import PorticoBytes
internal import Synchronization

/// The keys that seal session tickets (RFC 5077 §4, RFC 8446 §4.6.1), for all workers.
///
/// Sessions live in the clients' tickets and nowhere else. The newest key seals; it and the two
/// before it open, and what an older one opened is sealed anew. So a ticket is good for two to three
/// periods, and whoever steals the keys of now reads no resumption of earlier days. The object is
/// handed from one `ServerContext` to the next, so that tickets survive a reload.
package final class TicketKeys: Sendable {
    /// 16 bytes of name, 32 for AES-256, 32 for HMAC-SHA-256.
    private typealias Key = [UInt8]

    private struct Ring {
        /// Newest first; at most three.
        var keys: [Key]
        var next: Instant
    }

    /// How long a key seals.
    package let period: Duration
    private let ring: Mutex<Ring>

    package init(period: Duration = .seconds(3600), now: Instant) {
        self.period = max(period, .seconds(1))
        ring = Mutex(Ring(keys: [SecureRandom.bytes(80)], next: now + self.period))
    }

    /// Makes a new key for each period that has ended; to be called now and then, by anybody.
    package func rotate(at now: Instant) {
        ring.withLock { ring in
            // After three nothing of the old is left, however long nobody called.
            for _ in 0..<3 where ring.next <= now {
                ring.keys.insert(SecureRandom.bytes(80), at: 0)
                if ring.keys.count > 3 { ring.keys.removeLast() }
                ring.next = ring.next + period
            }
            if ring.next <= now { ring.next = now + period }
        }
    }

    enum Found: Int32 { case unknown, current, old }

    /// Hands the newest key to `take`.
    func seal(_ take: (Span<UInt8>) -> Void) {
        let key = ring.withLock { ring in ring.keys[0] }
        take(key.span)
    }

    /// Hands the key of this name to `take`, if there still is one.
    func open(_ name: Span<UInt8>, _ take: (Span<UInt8>) -> Void) -> Found {
        let keys = ring.withLock { ring in ring.keys }
        for (age, key) in keys.enumerated() where key.span.extracting(first: 16).equals(name) {
            take(key.span)
            return age == 0 ? .current : .old
        }
        return .unknown
    }
}
