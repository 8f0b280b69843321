internal import PorticoBytes
internal import Synchronization

/// A client's address as two words, most significant first (an IPv4 address as its mapped IPv6
/// one, or however the caller likes, always in the same way).
package struct AddressKey: Equatable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// How many connections each client address holds, over all workers.
///
/// Sharded by a keyed hash, each shard a lock held for a few dozen instructions. An address has an
/// entry while it holds a connection, so there are at most as many entries as connections, and
/// these are limited first: no peer can make the ledger grow further. Storage that a shard once
/// needed stays: at most 24 bytes × 8/3 for each connection of the busiest moment.
package final class ConnectionLedger: Sendable {
    /// What a new connection gets.
    package enum Admission: Equatable, Sendable {
        /// Must be released when the connection ends.
        case admitted
        /// `limits.connections` are open.
        case refusedByTotal
        /// `limits.connections_per_ip` of this address are open.
        case refusedByAddress
    }

    private let gate = ConcurrencyGate()
    private let hash: KeyedHash
    // As many as make it unlikely that two of a few dozen workers meet in one.
    private let shards: InlineArray<64, Mutex<AddressTable>>

    /// The seed must be random and never leave the process.
    package init(seed: (UInt64, UInt64)) {
        hash = KeyedHash(seed: seed)
        shards = InlineArray { _ in Mutex(AddressTable()) }
    }

    /// All open connections.
    package var count: Int { gate.count }

    /// Counts a new connection, or says why not. The limits come with each call, since a reload
    /// may change them; `.max` is none.
    package func admit(
        _ address: AddressKey, connections: Int, perAddress: Int
    ) -> Admission {
        guard gate.enter(limit: connections) else { return .refusedByTotal }
        let hash = hash(address.high, address.low)
        let isAdmitted = shards[Self.shard(hash)].withLock {
            $0.increment(address, hash: hash, limit: perAddress)
        }
        if isAdmitted { return .admitted }
        gate.leave()
        return .refusedByAddress
    }

    /// Forgets one connection that was admitted.
    package func release(_ address: AddressKey) {
        let hash = hash(address.high, address.low)
        shards[Self.shard(hash)].withLock { $0.decrement(address, hash: hash) }
        gate.leave()
    }

    /// How many connections this address holds.
    package func count(of address: AddressKey) -> Int {
        let hash = hash(address.high, address.low)
        return shards[Self.shard(hash)].withLock { $0.count(of: address, hash: hash) }
    }

    /// The top bits; the table uses the low ones.
    private static func shard(_ hash: UInt64) -> Int { Int(hash >> 58) }
}
