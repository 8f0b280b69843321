package import PorticoBytes
internal import Synchronization

/// The collections that outlive a request (`initcol`): IP, GLOBAL, SESSION, USER, RESOURCE.
///
/// Shared between threads; each change is one step under the lock of its shard. Bounded: so many
/// collections, so many variables in each, values of so many bytes; the collection that was
/// changed least recently makes room.
package final class PersistentStore: Sendable {
    private static let shardCount = 16
    private static let maxVariables = 64
    private static let maxKeyBytes = 512
    private static let maxValueBytes = 1024

    private struct Value {
        var bytes: [UInt8]
        var expiry = Instant.distantFuture
    }

    private struct Collection {
        /// By lower-case name.
        var values: [[UInt8]: Value] = [:]
        var expiry = Instant.distantFuture
        var sequence: UInt64 = 0
    }

    private struct Shard {
        var collections: [[UInt8]: Collection] = [:]
        /// Keys in the order of changes; what has been changed since is passed over.
        var order: [(key: [UInt8], sequence: UInt64)] = []
        var head = 0
        var sequence: UInt64 = 0
    }

    private final class Box: Sendable {
        let shard = Mutex(Shard())
    }

    private let shards: [Box]
    private let maxPerShard: Int

    /// - Parameter collections: how many there are at most.
    package init(collections: Int = 65536) {
        shards = (0..<Self.shardCount).map { _ in Box() }
        maxPerShard = max(1, collections / Self.shardCount)
    }

    private func key(_ variable: Variable, _ key: [UInt8]) -> [UInt8] {
        [variable.rawValue] + key.prefix(Self.maxKeyBytes)
    }

    private func withShard<R>(of key: [UInt8], _ body: (inout Shard) -> R) -> R {
        let index = Int(UInt(bitPattern: key.hashValue) % UInt(Self.shardCount))
        return shards[index].shard.withLock { body(&$0) }
    }

    func value(
        _ variable: Variable, _ owner: [UInt8], name: [UInt8], now: Instant
    ) -> [UInt8]? {
        let key = key(variable, owner)
        return withShard(of: key) { shard in
            guard let collection = shard.collections[key], now < collection.expiry,
                let value = collection.values[name.map(ASCII.lowercase)], now < value.expiry
            else { return nil }
            return value.bytes
        }
    }

    func values(
        _ variable: Variable, _ owner: [UInt8], now: Instant
    ) -> [(name: [UInt8], value: [UInt8])] {
        let key = key(variable, owner)
        return withShard(of: key) { shard in
            guard let collection = shard.collections[key], now < collection.expiry else {
                return []
            }
            return collection.values.filter { now < $0.value.expiry }
                .map { ($0.key, $0.value.bytes) }
                .sorted { $0.0.lexicographicallyPrecedes($1.0) }
        }
    }

    func update(
        _ variable: Variable, _ owner: [UInt8], name: [UInt8], _ change: Action.Change,
        _ value: [UInt8], now: Instant, timeout: Duration
    ) {
        let key = key(variable, owner)
        let name = name.prefix(Self.maxKeyBytes).map(ASCII.lowercase)
        let maxPerShard = maxPerShard
        withShard(of: key) { shard in
            var collection = shard.collections[key] ?? Collection()
            if now >= collection.expiry { collection = Collection() }
            if let old = collection.values[name], now >= old.expiry {
                collection.values[name] = nil
            }
            switch change {
            case .remove: collection.values[name] = nil
            case .set:
                guard
                    collection.values[name] != nil
                        || collection.values.count < Self.maxVariables
                else { return }
                collection.values[name, default: Value(bytes: [])].bytes = Array(
                    value.prefix(Self.maxValueBytes))
            case .add, .subtract:
                guard
                    collection.values[name] != nil
                        || collection.values.count < Self.maxVariables
                else { return }
                let left = collection.values[name].map { DecimalPrefix.value(of: $0.bytes.span) }
                let right = DecimalPrefix.value(of: value.span)
                let sum = change == .add ? (left ?? 0) &+ right : (left ?? 0) &- right
                collection.values[name, default: Value(bytes: [])].bytes = Array("\(sum)".utf8)
            }
            collection.expiry = now + timeout
            shard.sequence += 1
            collection.sequence = shard.sequence
            shard.order.append((key, shard.sequence))
            shard.collections[key] = collection
            Self.makeRoom(&shard, maxPerShard)
        }
    }

    func expire(
        _ variable: Variable, _ owner: [UInt8], name: [UInt8], at expiry: Instant, now: Instant
    ) {
        let key = key(variable, owner)
        withShard(of: key) { shard in
            shard.collections[key]?.values[name.map(ASCII.lowercase)]?.expiry = expiry
        }
    }

    private static func makeRoom(_ shard: inout Shard, _ limit: Int) {
        while shard.collections.count > limit, shard.head < shard.order.count {
            let oldest = shard.order[shard.head]
            shard.head += 1
            if shard.collections[oldest.key]?.sequence == oldest.sequence {
                shard.collections[oldest.key] = nil
            }
        }
        // The list is written anew once most of it is passed over.
        guard shard.order.count > 4 * limit + 64 else { return }
        shard.order = shard.order[shard.head...].filter {
            shard.collections[$0.key]?.sequence == $0.sequence
        }
        shard.head = 0
    }
}
