internal import PorticoBytes
internal import PorticoCache
internal import Synchronization

/// Why the last answers were not stored, for who asks: the origin is not asked again for that.
final class RefusalMemory: Sendable {
    struct Entry {
        var hash: KeyHash
        /// Nil: it is larger than `max_object`, or there was no room.
        var reason: Storability.Reason?
        var status: UInt16
        var at: Instant
    }

    /// By the hash of the key: a later one takes the place of an earlier one.
    private static let count = 1024

    private let entries = Mutex<[Entry?]>(Array(repeating: nil, count: RefusalMemory.count))

    func note(_ hash: KeyHash, _ reason: Storability.Reason?, status: UInt16, at now: Instant) {
        let entry = Entry(hash: hash, reason: reason, status: status, at: now)
        entries.withLock { $0[Self.place(of: hash)] = entry }
    }

    func last(of hash: KeyHash) -> Entry? {
        entries.withLock { $0[Self.place(of: hash)] }.flatMap { $0.hash == hash ? $0 : nil }
    }

    private static func place(of hash: KeyHash) -> Int {
        Int(truncatingIfNeeded: hash.low) & (count - 1)
    }
}

extension Storability.Reason {
    /// For people.
    var sentence: String {
        switch self {
        case .method: "only GET is stored"
        case .requestBody: "the request had a body"
        case .requestNoStore: "the request said no-store"
        case .status: "no complete answer has this status"
        case .notUnderstood: "it said must-understand, with a status whose rules are not known"
        case .noStore: "it said no-store"
        case .private: "it said private"
        case .authorization:
            "the request had Authorization, and it said neither public, s-maxage nor must-revalidate"
        case .setCookie:
            "it set a cookie, and said neither public nor s-maxage (cache.set_cookie decides that)"
        case .varyAny: "it said Vary: *"
        case .noFreshness: "it did not say how long it is fresh, nor is that known of its status"
        case .useless: "it was stale already, and had nothing to validate it by"
        case .postWithoutLocation: "an answer to POST, not for the URL itself"
        }
    }
}
