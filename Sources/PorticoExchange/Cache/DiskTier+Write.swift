internal import PorticoBytes
internal import PorticoCache
internal import PorticoLoop
internal import Synchronization

/// A response that is on its way to the disk, from the first byte of its body on.
final class PendingWrite: Sendable {
    let response: StoredResponse
    let words: PurgeWords
    /// It was invalidated meanwhile.
    let isVoid = Atomic(false)

    init(_ response: StoredResponse, _ words: PurgeWords) {
        self.response = response
        self.words = words
    }
}

extension DiskTier {
    /// Notes that a response is to be written once its body is complete; then `finish` or
    /// `abandon` is called. Nil: there is nothing to write it to.
    func begin(_ response: StoredResponse, _ words: PurgeWords) -> PendingWrite? {
        guard store != nil else { return nil }
        let write = PendingWrite(response, words)
        pending.withLock { $0[response.hash, default: []].append(write) }
        return write
    }

    /// The body broke off: what the disk has from before is still the newest whole answer.
    func cancel(_ write: PendingWrite) { end(write) }

    /// It is not written. What the disk has from before is older than what was just answered.
    func abandon(_ write: PendingWrite) {
        end(write)
        forget(write.response)
    }

    /// The body is complete: has it written, unless too much waits for that already.
    func finish(_ write: PendingWrite) {
        guard let store, let surroundings else { return end(write) }
        let size = write.response.bytes
        let queued = tally.queuedBytes.add(size, ordering: .relaxed).newValue
        let isQueued =
            queued - size < mostQueued
            && surroundings.writer.offer { [self] in
                append(write, to: store, surroundings)
                tally.queuedBytes.subtract(size, ordering: .relaxed)
                end(write)
            }
        if isQueued { return }
        tally.queuedBytes.subtract(size, ordering: .relaxed)
        tally.dropped.add(1, ordering: .relaxed)
        abandon(write)
    }

    /// The same for a body that was written while it came.
    func finish(
        _ write: PendingWrite, _ reservation: consuming DiskReservation, in store: DiskStore,
        at now: Instant
    ) {
        let response = write.response
        if write.isVoid.load(ordering: .sequentiallyConsistent)
            || ledger.verdict(on: response.stamp) != .untouched
        {
            store.giveBack(reservation)
            return abandon(write)
        }
        do throws(DiskFault) {
            try store.finish(reservation, at: now)
            if write.isVoid.load(ordering: .sequentiallyConsistent) {
                let variant = store.variant(response.variant)
                try store.bury(store.digest(response.key), variant: variant, at: now)
            }
            end(write)
        } catch {
            abandon(write)
        }
    }

    /// Whether a body that memory does not keep may be written while it comes.
    func takes(bodyLength: Int) -> Bool {
        guard let store, !store.isFailing else { return false }
        return store.takes(bodyLength: bodyLength)
    }

    private func end(_ write: PendingWrite) {
        let hash = write.response.hash
        pending.withLock { pending in
            pending[hash]?.removeAll { $0 === write }
            if pending[hash]?.isEmpty ?? false { pending[hash] = nil }
        }
    }

    private func append(
        _ write: PendingWrite, to store: DiskStore, _ surroundings: Surroundings
    ) {
        let response = write.response
        let digest = store.digest(response.key)
        let variant = store.variant(response.variant)
        let (monotonic, wall) = surroundings.clocks()
        guard response.body.phase == .complete,
            !write.isVoid.load(ordering: .sequentiallyConsistent),
            ledger.verdict(on: response.stamp) == .untouched
        else { return forget(response) }
        let record = DiskForm.record(
            response, write.words, DiskForm.Clocks(monotonic: monotonic, wall: wall))
        do throws(DiskFault) {
            try store.append(record, bodyLength: response.body.length, at: monotonic) { take in
                Self.read(response, take)
            }
            if write.isVoid.load(ordering: .sequentiallyConsistent) {
                try store.bury(digest, variant: variant, at: monotonic)
            }
        } catch {
            // The older one must not come back instead.
            forget(response)
        }
    }

    /// Hands out the body from wherever it is; less of it where it cannot be read.
    private static func read(_ response: StoredResponse, _ take: (Span<UInt8>) -> Void) {
        if let object = response.disk {
            var position = 0
            while position < object.bodyLength {
                let end = min(position + (1 << 20), object.bodyLength)
                guard let bytes = object.read(position..<end) else { return }
                take(bytes.span)
                position = end
            }
            return
        }
        guard var reader = response.body.reader() else { return }
        while case .moved = reader.read({ bytes in
            take(bytes)
            return bytes.count
        }) {}
    }

    // MARK: - What is not to be served any more

    /// Takes a response out of the index; it may come back with the next process.
    private func forget(_ response: StoredResponse) {
        guard let store else { return }
        let digest = store.digest(response.key)
        if let place = store.find(digest, variant: store.variant(response.variant)) {
            store.forget(digest, place)
        }
    }

    /// Removes one variant for good.
    func remove(_ response: StoredResponse) {
        guard let store, let surroundings else { return }
        let digest = store.digest(response.key)
        let variant = store.variant(response.variant)
        guard let place = store.find(digest, variant: variant) else { return }
        store.forget(digest, place)
        bury(digest, [variant], in: store, surroundings)
    }

    /// Removes all variants of a key for good (RFC 9111 §4.4), those that are being written too.
    func removeAll(_ key: Span<UInt8>, _ hash: KeyHash) {
        guard let store, let surroundings else { return }
        pending.withLock { pending in
            for write in pending[hash] ?? [] {
                write.isVoid.store(true, ordering: .sequentiallyConsistent)
            }
        }
        let digest = store.digest(key)
        let places = store.variants(of: digest)
        for place in places { store.forget(digest, place) }
        bury(digest, places.map(\.variant), in: store, surroundings)
    }

    private func bury(
        _ digest: DiskKey, _ variants: [UInt32], in store: DiskStore, _ surroundings: Surroundings
    ) {
        if variants.isEmpty { return }
        // Behind what waits to be written and before what will come.
        let isQueued = surroundings.writer.offer {
            let now = surroundings.clocks().0
            for variant in variants { try? store.bury(digest, variant: variant, at: now) }
        }
        if !isQueued { tally.dropped.add(1, ordering: .relaxed) }
    }
}
