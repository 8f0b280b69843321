internal import PorticoBytes

/// Finds literals without which a regular expression cannot match.
///
/// The pattern is read as PCRE2 would read it, into sets of texts: `(?:union|select)\s+all` needs
/// `union` or `select`, and it needs `all`; the set that a scan can tell most from is kept. What is
/// not understood with certainty (look-around, conditions, recursion, other options than `i s m U`)
/// makes the whole answer nil: a prefilter may let too much through, never too little.
package enum RequiredLiterals {
    /// Bytes; shorter ones are too common to tell anything.
    package static let shortest = 2
    /// Members of one set; more are not worth their memory.
    static let most = 400

    /// Lower-case literals of which at least one occurs, ASCII case ignored, in each value that the
    /// pattern matches; nil if nothing is known.
    package static func literals(in pattern: Span<UInt8>) -> [[UInt8]]? {
        var reader = PatternReader(pattern)
        guard let node = reader.readAll(), let best = node.best else { return nil }
        return best.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

/// What is known of the texts that a part of a pattern matches. All in lower case: texts are told
/// apart without case.
struct PatternFacts {
    typealias Texts = Set<[UInt8]>

    /// All texts that it can match, if they are few.
    var exact: Texts?
    /// Texts with which each match begins, ends.
    var prefix: Texts = [[]], suffix: Texts = [[]]
    /// Texts of which one is within each match, the set that tells most; nil if none is known.
    var inner: Texts?

    /// Few, since sets multiply where parts follow each other.
    static let mostExact = 128
    static let longest = 24

    static let empty = PatternFacts(exact: [[]])
    static let anything = PatternFacts()

    init() {}

    init(exact: Texts) {
        self.exact = exact
        prefix = exact
        suffix = exact
        normalize()
    }

    /// The set for a scan: one that has only long enough texts.
    var best: Texts? { Self.better(inner, exact.flatMap(Self.usable)) }

    func followed(by next: PatternFacts) -> PatternFacts {
        var result = PatternFacts()
        if let exact, let other = next.exact, exact.count * other.count <= Self.mostExact {
            result.exact = Self.product(exact, other)
        }
        result.prefix =
            exact.flatMap {
                $0.count * next.prefix.count <= Self.mostExact
                    ? Self.product($0, next.prefix) : nil
            } ?? prefix
        result.suffix =
            next.exact.flatMap {
                $0.count * suffix.count <= Self.mostExact
                    ? Self.product(suffix, $0) : nil
            } ?? next.suffix
        result.inner = Self.better(best, next.best)
        if suffix.count * next.prefix.count <= Self.mostExact {
            let middle = Self.product(suffix, next.prefix)
            result.inner = Self.better(result.inner, Self.usable(middle))
        }
        result.normalize()
        return result
    }

    func or(_ other: PatternFacts) -> PatternFacts {
        var result = PatternFacts()
        if let exact, let second = other.exact, exact.count + second.count <= RequiredLiterals.most
        {
            result.exact = exact.union(second)
        }
        result.prefix = Self.joined(prefix, other.prefix)
        result.suffix = Self.joined(suffix, other.suffix)
        if let best, let second = other.best, best.count + second.count <= RequiredLiterals.most {
            result.inner = best.union(second)
        }
        result.normalize()
        return result
    }

    func repeated(_ least: Int, _ greatest: Int?) -> PatternFacts {
        if greatest == 0 { return .empty }
        if least == 0 {
            // Once or not at all is an alternative; more often is anything.
            return greatest == 1 ? or(.empty) : .anything
        }
        var result = self
        for _ in 1..<max(1, min(least, Self.longest)) { result = result.followed(by: self) }
        if greatest == least, least <= Self.longest { return result }
        result.exact = nil
        // It begins as the least number does, and ends so.
        return result
    }

    /// Long texts are cut where that is sound, and sets that say nothing are said so.
    private mutating func normalize() {
        if let texts = exact, texts.contains(where: { $0.count > Self.longest }) {
            inner = Self.better(inner, Self.usable(texts))
            exact = nil
        }
        prefix = Set(prefix.map { Array($0.prefix(Self.longest)) })
        suffix = Set(suffix.map { Array($0.suffix(Self.longest)) })
        inner = Self.better(inner, Self.better(Self.usable(prefix), Self.usable(suffix)))
    }

    private static func product(_ left: Texts, _ right: Texts) -> Texts {
        var result: Texts = []
        for first in left { for second in right { result.insert(first + second) } }
        return result
    }

    private static func joined(_ left: Texts, _ right: Texts) -> Texts {
        let all = left.union(right)
        return all.count > mostExact ? [[]] : all
    }

    private static func usable(_ texts: Texts) -> Texts? {
        texts.isEmpty || texts.count > RequiredLiterals.most
            || texts.contains { $0.count < RequiredLiterals.shortest } ? nil : texts
    }

    /// The longer the shortest text the rarer it is found by chance; then the fewer the better.
    private static func better(_ left: Texts?, _ right: Texts?) -> Texts? {
        guard let left else { return right }
        guard let right else { return left }
        let (first, second) = (score(left), score(right))
        if first != second { return first > second ? left : right }
        if left.count != right.count { return left.count < right.count ? left : right }
        return length(left) >= length(right) ? left : right
    }

    private static func score(_ texts: Texts) -> Int {
        min(6, texts.lazy.map(\.count).min() ?? 0)
    }

    private static func length(_ texts: Texts) -> Int { texts.reduce(0) { $0 + $1.count } }
}
