package import PorticoBytes
package import PorticoHTTP

/// What a PURGE, PURGEKEYS or BAN asks for, whichever client's dialect it is written in.
///
/// Read from the method and the fields alone, so that one table of captured requests tests all of it.
/// Nothing here says who may: a field that is there is taken at its word.
package struct PurgeOrder: Equatable, Sendable {
    package enum Aim: Equatable, Sendable {
        /// The URL that the request itself is for.
        case ownURL
        case target(PurgeTarget)
    }

    package struct Step: Equatable, Sendable {
        package let aim: Aim
        package let depth: PurgeDepth

        package init(_ aim: Aim, _ depth: PurgeDepth = .hard) {
            self.aim = aim
            self.depth = depth
        }
    }

    /// Which objects are meant where the aim does not say.
    package enum Reach: Equatable, Sendable {
        /// Those of the site that the Host field names; all, where it names none.
        case hostsSite
        /// All sites: the order names hosts itself.
        case everySite
    }

    /// The words in which the client expects to hear that it is done.
    package enum Answer: Equatable, Sendable {
        case purged
        /// "Invalidated N objects".
        case invalidated
        /// "Purged n objects, expired m objects".
        case purgedAndExpired
        case banned
    }

    package enum Fault: Error, Equatable, Sendable {
        /// The field is there and names nothing, or PURGEKEYS came without one.
        case namesNothing
        case pattern(PatternFault)
    }

    package var steps: [Step]
    package var reach = Reach.hostsSite
    package var answer: Answer

    init(_ steps: [Step], answering answer: Answer, reach: Reach = .hostsSite) {
        self.steps = steps
        self.answer = answer
        self.reach = reach
    }

    package init(_ head: borrowing RequestHead) throws(Fault) {
        let fields = PurgeFields(head)
        let read =
            switch head.method {
            case .ban: try Self.ban(head, fields)
            case .purgeKeys: try Self.keys(fields)
            default: try Self.purge(head, fields)
            }
        // Each pattern is read once here, so that a broken one is refused before anything is done.
        for step in read.steps {
            guard case .target(let target) = step.aim else { continue }
            do throws(PatternFault) {
                try target.validate()
            } catch {
                throw .pattern(error)
            }
        }
        self = read
    }

    /// Whether it wants a site, or all of them, to be emptied.
    package var asksForEverything: Bool {
        steps.contains { $0.aim == .target(.everything) }
    }

    // MARK: - PURGE

    private static func purge(
        _ head: borrowing RequestHead, _ fields: PurgeFields
    ) throws(Fault) -> PurgeOrder {
        let depth: PurgeDepth = fields.isSoft ? .soft : .hard
        // The token signs the path, and nothing else.
        if head.fields.contains(.xPurgeToken) {
            return PurgeOrder([Step(.ownURL, depth)], answering: .purged)
        }
        if !fields.magentoPatterns.isEmpty || !fields.pools.isEmpty {
            return try magento(fields, depth)
        }
        if fields.hasKeys { return try keys(fields, answering: .invalidated) }
        if !fields.surrogateKeys.isEmpty {
            let tags = fields.surrogateKeys.flatMap(PurgeFields.words)
            if tags.isEmpty { throw .namesNothing }
            return PurgeOrder([Step(.target(.tags(tags)), depth)], answering: .purged)
        }
        return try wordpress(head, fields, depth)
    }

    /// `X-Magento-Tags-Pattern` and `X-Pool`, each a ban of its own.
    private static func magento(
        _ fields: PurgeFields, _ depth: PurgeDepth
    ) throws(Fault) -> PurgeOrder {
        var steps: [Step] = []
        for pattern in fields.magentoPatterns {
            if pattern.isEmpty { throw .namesNothing }
            steps.append(Step(.target(tagTarget(pattern)), depth))
        }
        for pattern in fields.pools {
            if pattern.isEmpty { throw .namesNothing }
            steps.append(
                Step(
                    .target(
                        .pattern(PurgePattern.text(field: PurgeField.pool, pattern))), depth))
        }
        return PurgeOrder(steps, answering: .purged)
    }

    /// A pattern over tags: indexed where it is a list in disguise.
    private static func tagTarget(_ pattern: [UInt8]) -> PurgeTarget {
        switch MagentoPattern(pattern.span) {
        case .everything: .everything
        case .tags(let tags): .tags(tags)
        case nil: .pattern(pattern)
        }
    }

    /// WordPress' Proxy Cache Purge says in X-Purge-Method what the URL is; without it, it is a URL.
    private static func wordpress(
        _ head: borrowing RequestHead, _ fields: PurgeFields, _ depth: PurgeDepth
    ) throws(Fault) -> PurgeOrder {
        switch fields.method {
        case .tags:
            guard let pattern = fields.tagPattern, !pattern.isEmpty else { throw .namesNothing }
            return PurgeOrder([Step(.target(tagTarget(pattern)), depth)], answering: .purged)
        case .regex:
            let host = head[head.host].array.map(ASCII.lowercase)
            let path = head[head.pathAndQuery]
            let target: PurgeTarget =
                path.equals("/.*") || path.equals(".*")
                ? .host(host)
                : .urlPattern(PurgePattern.text(host: quoted(host), url: path.array))
            return PurgeOrder([Step(.target(target), depth)], answering: .purged)
        case .exact:
            return PurgeOrder([Step(.ownURL, depth)], answering: .purged)
        }
    }

    /// A pattern that only this text matches.
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var pattern: [UInt8] = [UInt8(ascii: "^")]
        for byte in text {
            if !ASCII.isLetter(byte), !ASCII.isDigit(byte) { pattern.append(UInt8(ascii: "\\")) }
            pattern.append(byte)
        }
        return pattern + [UInt8(ascii: "$")]
    }

    // MARK: - Keys

    /// xkey's fields: Shopware sends them with PURGE, FOSHttpCache with PURGEKEYS.
    private static func keys(
        _ fields: PurgeFields, answering answer: Answer = .purgedAndExpired
    ) throws(Fault) -> PurgeOrder {
        let hard = fields.keys.flatMap(PurgeFields.words)
        let soft = fields.softKeys.flatMap(PurgeFields.words)
        var steps: [Step] = []
        if !hard.isEmpty { steps.append(Step(.target(.tags(hard)))) }
        if !soft.isEmpty { steps.append(Step(.target(.tags(soft)), .soft)) }
        if steps.isEmpty { throw .namesNothing }
        return PurgeOrder(steps, answering: answer)
    }

    // MARK: - BAN

    /// Conditions that all have to hold, as in Varnish.
    private static func ban(
        _ head: borrowing RequestHead, _ fields: PurgeFields
    ) throws(Fault) -> PurgeOrder {
        guard fields.hasBanConditions else {
            // Shopware: the URL is the pattern.
            let target = head[head.pathAndQuery]
            if target.equals("/") || target.isEmpty || target.equals("*") {
                return banning([])
            }
            return banning([.urlPattern(PurgePattern.text(host: [], url: target.array))])
        }
        var conditions: [PurgeTarget] = []
        if let tags = restricting(fields.tagPattern ?? fields.drupalTags) {
            let words = fields.tagPattern == nil ? MagentoPattern.words(tags.span) : nil
            conditions.append(words.map { .tags($0) } ?? tagTarget(tags))
        }
        let host = restricting(fields.host)
        let url = restricting(fields.url)
        if host != nil || url != nil {
            conditions.append(.urlPattern(PurgePattern.text(host: host ?? [], url: url ?? [])))
        }
        if let type = restricting(fields.contentType) {
            conditions.append(
                .pattern(PurgePattern.text(field: PurgeField.contentType, type)))
        }
        return banning(conditions, host == nil ? .hostsSite : .everySite)
    }

    private static func banning(
        _ conditions: [PurgeTarget], _ reach: Reach = .hostsSite
    ) -> PurgeOrder {
        let target: PurgeTarget =
            switch conditions.count {
            case 0: .everything
            case 1: conditions[0]
            default: .allOf(conditions)
            }
        return PurgeOrder([Step(.target(target))], answering: .banned, reach: reach)
    }

    /// Nil for a pattern that lets everything through.
    private static func restricting(_ pattern: [UInt8]?) -> [UInt8]? {
        guard let pattern, !PurgePattern.isAny(pattern.span) else { return nil }
        return pattern
    }
}

/// Fields of answers that purges can name although they are no tags; in lower case.
package enum PurgeField {
    package static let contentType: StaticString = "content-type"
    package static let pool: StaticString = "x-pool"
}
