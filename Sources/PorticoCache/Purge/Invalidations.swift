internal import PorticoBytes
internal import Synchronization

/// The fence of fetches against unsafe requests (RFC 9111 §4.4): a fetch that was under way while
/// a POST changed its resource may bring what was before.
///
/// Kept apart from purges, because each POST of a shop is one: they would have every hit look at
/// all its tags again. A number per group of URLs is enough: who shares a group with a changed URL
/// is fetched once more than needed, and only if it is being fetched at that very moment.
final class Invalidations: Sendable {
    private static let groups = 4096

    private let hasher = KeyHasher()
    private let sequence = Atomic<UInt64>(1)
    private let numbers: [Group] = (0..<Invalidations.groups).map { _ in Group() }

    private final class Group: Sendable {
        let last = Atomic<UInt64>(0)
    }

    /// The number of the last one.
    var now: UInt64 { sequence.load(ordering: .acquiring) }

    func add(_ url: Span<UInt8>) {
        let number = sequence.add(1, ordering: .sequentiallyConsistent).newValue
        _ = group(url).last.max(number, ordering: .sequentiallyConsistent)
    }

    func last(of url: Span<UInt8>) -> UInt64 {
        group(url).last.load(ordering: .sequentiallyConsistent)
    }

    private func group(_ url: Span<UInt8>) -> Group {
        numbers[Int(truncatingIfNeeded: hasher(url).low) & (Self.groups - 1)]
    }
}

extension PurgeLedger {
    /// Says that a resource was changed (RFC 9111 §4.4): neither what is stored of it nor what is
    /// being fetched serves again. Answers whether anything was stored, and so a purge was made.
    package func invalidate(_ url: [UInt8], of site: PurgeSite) -> Bool {
        invalidations.add(url.span)
        guard let id = table.find(url.span, .url, site: site.number), table.uses(of: id) > 0 else {
            return false
        }
        _ = purge(.url(url), of: site, .hard)
        return true
    }

    /// Of how many objects each word of the target is a mark: at most so many a purge of them
    /// reaches, since one may carry several, and some may be gone already.
    package func carriers(of target: PurgeTarget, site: PurgeSite?) -> Int {
        switch target {
        case .tags(let tags): tags.reduce(0) { $0 + carriers(of: $1, .tag, site) }
        case .url(let url): carriers(of: url, .url, site)
        case .host(let host): carriers(of: host, .host, site)
        case .prefix, .pattern, .urlPattern, .allOf, .everything: 0
        }
    }

    private func carriers(of word: [UInt8], _ kind: MarkKind, _ site: PurgeSite?) -> Int {
        var count = 0
        for number in site.map({ [$0.number] }) ?? siteNumbers {
            if let id = table.find(word.span, kind, site: number) { count += table.uses(of: id) }
        }
        return count
    }
}
