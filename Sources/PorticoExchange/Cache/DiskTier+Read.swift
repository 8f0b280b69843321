internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
internal import Synchronization

/// What a look at the disk led to.
enum DiskFind: Sendable {
    case nothing
    /// The key has other variants than the one asked for.
    case otherVariants
    case found(StoredResponse)
}

extension DiskTier {
    /// Whether there may be something under the key: asks the index, and no device.
    func mayHold(_ key: Span<UInt8>) -> Bool {
        guard let store else { return false }
        return store.newest(of: store.digest(key)) != nil
    }

    /// Reads what answers the request; a body that is small enough is in memory afterwards.
    func find(_ key: [UInt8], _ hash: KeyHash, for request: RequestHead) async -> DiskFind {
        guard let store, let surroundings else { return .nothing }
        do throws(QueueFull) {
            return try await surroundings.readers.run(()) { [self] _ in
                let found = search(store, key, hash, request, surroundings)
                if case .found = found { tally.hits.add(1, ordering: .relaxed) }
                return found
            }
        } catch {
            tally.unread.add(1, ordering: .relaxed)
            return .nothing
        }
    }

    /// More variants than this are not opened to find the right one.
    private static let mostOpened = 8

    private func search(
        _ store: DiskStore, _ key: [UInt8], _ hash: KeyHash, _ request: RequestHead,
        _ surroundings: Surroundings
    ) -> DiskFind {
        let digest = store.digest(key.span)
        let (monotonic, wall) = surroundings.clocks()
        let clocks = DiskForm.Clocks(monotonic: monotonic, wall: wall)
        var hasOthers = false
        var left = store.variants(of: digest)
        var opened = 0
        var hasGuessed = false
        while !left.isEmpty, opened < Self.mostOpened {
            let location = left.removeFirst()
            opened += 1
            guard let object = store.open(digest, location, is: key.span),
                let contents = DiskForm.read(object, clocks)
            else { continue }
            var scratch = Buffer()
            let isMeant =
                Variant.select(for: request.fields, among: 1, scratch: &scratch) { _ in
                    contents.selector
                } != nil
            if isMeant {
                if let response = restore(
                    object, contents, key, hash, store, at: monotonic, digest, location)
                {
                    return .found(response)
                }
                continue
            }
            hasOthers = true
            // All variants of a key differ by the same fields, nearly always: then the next one to
            // open is the right one.
            if hasGuessed { continue }
            hasGuessed = true
            let names = contents.selector.vary
            var values = Buffer()
            names.writeValues(of: request.fields, into: &values)
            let variant = names.names + values.bytes.array
            if let place = store.find(digest, variant: store.variant(variant.span)),
                let index = left.firstIndex(of: place)
            {
                left.swapAt(0, index)
            }
        }
        return hasOthers ? .otherVariants : .nothing
    }

    /// For people: what is stored under a key, newest first. Nothing of it goes to memory, and what
    /// was purged is left out. Waits for the device.
    func list(_ key: [UInt8], _ hash: KeyHash) async -> [StoredResponse] {
        guard let store, let surroundings else { return [] }
        do throws(QueueFull) {
            return try await surroundings.readers.run(()) { [self] _ in
                let digest = store.digest(key.span)
                let (monotonic, wall) = surroundings.clocks()
                let clocks = DiskForm.Clocks(monotonic: monotonic, wall: wall)
                return store.variants(of: digest).prefix(Self.mostListed).compactMap { location in
                    guard let object = store.open(digest, location, is: key.span),
                        let contents = DiskForm.read(object, clocks)
                    else { return nil }
                    let site = ledger.site(contents.words.site)
                    let (verdict, number, since) = ledger.verdict(
                        on: contents.words, of: site, since: object.fillSequence)
                    if verdict == .gone { return nil }
                    var rules = contents.rules
                    if verdict == .stale { rules.end(at: min(since ?? monotonic, monotonic)) }
                    return StoredResponse(
                        memory, key: key.span, hash: hash, selector: contents.selector,
                        head: contents.head, rules: rules,
                        stamp: ledger.stamp(since: number, contents.words, of: site),
                        body: memory.makeBody(elsewhere: object.bodyLength), disk: object)
                }
            }
        } catch {
            return []
        }
    }

    private static let mostListed = 64

    /// Nil for what was purged or is not what was written.
    private func restore(
        _ object: DiskObject, _ contents: DiskForm.Contents, _ key: [UInt8], _ hash: KeyHash,
        _ store: DiskStore, at now: Instant, _ digest: DiskKey, _ location: DiskLocation
    ) -> StoredResponse? {
        let site = ledger.site(contents.words.site)
        let (verdict, number, since) = ledger.verdict(
            on: contents.words, of: site, since: object.fillSequence)
        var rules = contents.rules
        switch verdict {
        case .gone:
            store.forget(digest, location)
            return nil
        case .stale:
            rules.end(at: min(since ?? now, now))
        case .untouched: break
        }
        // All of it before the head leaves: an object that is damaged anywhere is a miss.
        guard object.verify(0..<object.bodyLength) else { return nil }
        func response(_ body: GrowingBody, _ disk: DiskObject?) -> StoredResponse {
            StoredResponse(
                memory, key: key.span, hash: hash, selector: contents.selector,
                head: contents.head, rules: rules,
                stamp: ledger.stamp(since: number, contents.words, of: site), body: body,
                disk: disk)
        }
        if object.bodyLength <= Self.mostPromoted, let body = readWhole(object) {
            let promoted = response(body, nil)
            if memory.promote(promoted) {
                tally.promoted.add(1, ordering: .relaxed)
                // Invalidated or replaced meanwhile, which forgets first here and then there.
                if store.find(digest, variant: location.variant) == nil { memory.remove(promoted) }
            }
            return promoted
        }
        return response(memory.makeBody(elsewhere: object.bodyLength), object)
    }

    private func readWhole(_ object: DiskObject) -> GrowingBody? {
        guard var writer = memory.makeBody(expecting: object.bodyLength) else { return nil }
        let body = writer.body
        var position = 0
        while position < object.bodyLength {
            let end = min(position + (256 << 10), object.bodyLength)
            guard let bytes = object.read(position..<end), writer.append(bytes.span) else {
                return nil
            }
            position = end
        }
        writer.finish()
        return body
    }
}
