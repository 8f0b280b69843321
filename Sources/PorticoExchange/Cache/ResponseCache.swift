package import PorticoBytes
package import PorticoCache
internal import PorticoHTTP
package import PorticoLoop
internal import Synchronization

/// The cache as requests see it: what is stored, what was purged, who fetches what, and the rules
/// of the settings in force.
///
/// A reload makes another one with the new rules around the same store, ledger and flights.
package final class ResponseCache: Sendable {
    package let settings: CacheSettings
    package let store: MemoryStore
    package let flights: FlightTable
    /// Nil: memory only.
    package let disk: DiskTier?
    let keys: KeyRules
    let tags: TagReader
    /// Why answers were not stored.
    let refusals: RefusalMemory
    private let lease: CacheLease

    package var ledger: PurgeLedger { store.ledger }

    /// The disk store is closed until somebody opens it (`disk`).
    package convenience init(
        _ settings: CacheSettings, seed: (UInt64, UInt64), backing: (any ChunkBacking)? = nil
    ) {
        let limits = StoreLimits(memory: settings.memoryBytes, maxObject: settings.maxObjectBytes)
        let geometry = DiskGeometry(diskBytes: settings.diskBytes)
        let store = MemoryStore(
            limits, ledger: PurgeLedger(remembers: geometry != nil), backing: backing)
        self.init(
            settings, seed: seed, store: store, flights: FlightTable(),
            disk: geometry.map { DiskTier($0, over: store) }, refusals: RefusalMemory(),
            lease: CacheLease())
    }

    /// What `former` holds, under other settings. Its size stays until the next start.
    package convenience init(
        _ settings: CacheSettings, seed: (UInt64, UInt64), after former: ResponseCache
    ) {
        self.init(
            settings, seed: seed, store: former.store, flights: former.flights,
            disk: former.disk, refusals: former.refusals, lease: former.lease)
    }

    private init(
        _ settings: CacheSettings, seed: (UInt64, UInt64), store: MemoryStore,
        flights: FlightTable, disk: DiskTier?, refusals: RefusalMemory, lease: CacheLease
    ) {
        self.lease = lease
        self.refusals = refusals
        self.settings = settings
        self.store = store
        self.flights = flights
        self.disk = disk
        keys = KeyRules(settings, seed: seed)
        tags = TagReader(settings, seed: seed)
    }

    // MARK: - The end

    /// From here on nothing that is stored answers a request that begins, on no worker: another
    /// process is told of purges, and this one is not.
    package func retire() { lease.isOver.store(true, ordering: .sequentiallyConsistent) }

    package var isRetired: Bool { lease.isOver.load(ordering: .acquiring) }

    // MARK: - Removing

    /// Removes a response that is not to be served any more, wherever it is.
    func remove(_ response: StoredResponse) {
        disk?.remove(response)
        store.remove(response)
    }

    /// Removes all variants of a key (RFC 9111 §4.4). From the disk first: what is being read
    /// into memory meanwhile looks there again afterwards.
    func removeAll(_ key: Span<UInt8>) {
        let hash = store.hash(key)
        disk?.removeAll(key, hash)
        store.removeAll(key, hash)
    }

    // MARK: - Purging

    /// Purges, and returns when that is done: on every worker, and, where there is a disk store,
    /// on the device. No request that begins afterwards is served what was fetched before as
    /// fresh, whatever happens to the process. On a worker or on the control thread.
    ///
    /// `site`: the name under which its objects are marked (`SiteSettings.purgeName`); empty for
    /// all. Patterns and prefixes are held against all words on the `pool`; with one that is full,
    /// nothing is purged.
    package func purge(
        _ target: PurgeTarget, of site: String, _ depth: PurgeDepth, at now: Instant? = nil,
        on pool: BlockingPool
    ) async throws(QueueFull) -> PurgeReceipt {
        let name = Array(site.utf8)
        let place = name.isEmpty ? nil : ledger.site(name)
        let ledger = ledger
        if case .allOf = target {
            let receipt = try await pool.run(()) { [self] _ in
                store.purge(surveying: target, of: place, depth) { words(of: $0) }
            }
            return await disk?.keep(receipt, target, of: name, depth) ?? receipt
        }
        let matches = PurgeMatcher.closure(for: target)
        let receipt =
            target.isScan
            ? try await pool.run(()) { _ in
                ledger.purge(target, of: place, depth, at: now, where: matches)
            } : ledger.purge(target, of: place, depth, at: now, where: matches)
        return await disk?.keep(receipt, target, of: name, depth) ?? receipt
    }

    /// What purges may call a stored response by; nil for one whose key says nothing.
    func words(of response: StoredResponse) -> PurgeWords? {
        guard let key = StoredKey(response.key) else { return nil }
        var tags: [[UInt8]] = []
        forEachTag(of: response.head, typeKeys: true) { tag in
            if ledger.carries(tag, response.stamp) { tags.append(tag.array) }
        }
        return PurgeWords(site: [], url: key.url, host: key.host, tags: tags)
    }

    /// A URL's host, and the URL in the words of the ledger, from `host/path?query`; scheme and
    /// port do not count. Nil for what is no URL.
    package func purgeTarget(
        url: Span<UInt8>, style: KeyRules.Style = .plain
    ) -> (host: [UInt8], PurgeTarget)? {
        let slashes: StaticString = "//"
        var text = Buffer()
        if !url.starts(with: "http://"), !url.starts(with: "https://") { text.append(slashes) }
        text.append(url)
        let nowhere = RequestHead()
        guard let reference = URIReference(text.bytes, relativeTo: nowhere, isHTTPS: false) else {
            return nil
        }
        var key = Buffer()
        let written = keys.write(reference, style: style, into: &key)
        let host = key.bytes.extracting(Self.host(of: key.bytes, written)).array
        return (host, .url(Self.url(of: key.bytes, written)))
    }

    /// The URL that a request is for, in the words of the ledger.
    func purgeTarget(
        _ request: borrowing RequestHead, isHTTPS: Bool, style: KeyRules.Style
    ) -> PurgeTarget {
        var key = Buffer()
        let written = keys.write(request, isHTTPS: isHTTPS, style: style, into: &key)
        return .url(Self.url(of: key.bytes, written))
    }

    /// All that purges may call a response by besides its URL: the tags that it brings, the key of its
    /// type where the site has those, and the fields that a BAN names.
    func forEachTag(
        of head: borrowing ResponseHead, typeKeys: Bool, _ body: (Span<UInt8>) -> Void
    ) {
        for tag in tags.tags(in: head.fields) { body(head.fields[tag]) }
        let type = head.fields[head.fields.range(of: .contentType)]
        if typeKeys { body(TypeKey(contentType: type).word.span) }
        if !type.isEmpty {
            body(PurgePattern.word(field: PurgeField.contentType, type.array).span)
        }
        for line in head.fields.lines
        where line.name == .other && head.fields[line.nameRange].equalsFolded("x-pool") {
            body(
                PurgePattern.word(field: PurgeField.pool, head.fields[line.valueRange].array).span)
        }
    }

    /// `host/path?query` of a key.
    static func url(of key: Span<UInt8>, _ written: CacheKey) -> [UInt8] {
        let host = host(of: key, written)
        return key.extracting(host).array + key.extracting(written.target.range).array
    }

    /// The host without port.
    static func host(of key: Span<UInt8>, _ written: CacheKey) -> Range<Int> {
        // "s", newline, authority, newline, target.
        let authority = key.extracting(2..<(Int(written.target.lower) - 1))
        return 2..<(2 + (Authority(authority)?.hostCount ?? authority.count))
    }
}

/// What a cache and those that follow it know together.
private final class CacheLease: Sendable {
    let isOver = Atomic(false)
}

extension Span<UInt8> {
    func starts(with text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && extracting(..<text.utf8CodeUnitCount).equals(text)
    }
}
