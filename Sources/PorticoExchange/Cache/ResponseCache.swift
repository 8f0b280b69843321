internal import PorticoBytes
package import PorticoCache
internal import PorticoHTTP

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

    package var ledger: PurgeLedger { store.ledger }

    /// The disk store is closed until somebody opens it (`disk`).
    package convenience init(_ settings: CacheSettings, seed: (UInt64, UInt64)) {
        let limits = StoreLimits(memory: settings.memoryBytes, maxObject: settings.maxObjectBytes)
        let geometry = DiskGeometry(diskBytes: settings.diskBytes)
        let store = MemoryStore(limits, ledger: PurgeLedger(remembers: geometry != nil))
        self.init(
            settings, seed: seed, store: store, flights: FlightTable(),
            disk: geometry.map { DiskTier($0, over: store) })
    }

    /// What `former` holds, under other settings. Its size stays until the next start.
    package convenience init(
        _ settings: CacheSettings, seed: (UInt64, UInt64), after former: ResponseCache
    ) {
        self.init(
            settings, seed: seed, store: former.store, flights: former.flights,
            disk: former.disk)
    }

    private init(
        _ settings: CacheSettings, seed: (UInt64, UInt64), store: MemoryStore,
        flights: FlightTable, disk: DiskTier?
    ) {
        self.settings = settings
        self.store = store
        self.flights = flights
        self.disk = disk
        keys = KeyRules(settings, seed: seed)
        tags = TagReader(settings, seed: seed)
    }

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
    /// all. `matches`: for `.pattern`.
    package func purge(
        _ target: PurgeTarget, of site: String, _ depth: PurgeDepth,
        where matches: @escaping TagMatcher = { _ in false }
    ) async -> PurgeReceipt {
        if let disk {
            return await disk.purge(target, of: Array(site.utf8), depth, where: matches)
        }
        let place = site.isEmpty ? nil : ledger.site(Array(site.utf8))
        return ledger.purge(target, of: place, depth, where: matches)
    }

    /// A URL's host, and the URL in the words of the ledger, from `host/path?query`; scheme and
    /// port do not count. Nil for what is no URL.
    package func purgeTarget(url: Span<UInt8>) -> (host: [UInt8], PurgeTarget)? {
        let slashes: StaticString = "//"
        var text = Buffer()
        if !url.starts(with: "http://"), !url.starts(with: "https://") { text.append(slashes) }
        text.append(url)
        let nowhere = RequestHead()
        guard let reference = URIReference(text.bytes, relativeTo: nowhere, isHTTPS: false) else {
            return nil
        }
        var key = Buffer()
        let written = keys.write(reference, into: &key)
        let host = key.bytes.extracting(Self.host(of: key.bytes, written)).array
        return (host, .url(Self.url(of: key.bytes, written)))
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

extension Span<UInt8> {
    fileprivate func starts(with text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && extracting(..<text.utf8CodeUnitCount).equals(text)
    }
}
