package import PorticoBytes

/// One request and its answer under a set of rules (SECLANG §3).
///
/// Fed in this order; each step answers with what is to be done, if anything:
///
///     start → request line, fields → inspectRequestHead          phase 1
///           → append(requestBody:)* → inspectRequestBody         phase 2
///           → status, fields → inspectResponseHead               phase 3
///           → append(responseBody:)* → inspectResponseBody       phase 4
///           → finish                                             phase 5
///
/// Steps may be left out, `finish` too; it always runs phase 5. Used by one thread at a time. Made
/// once and used for one request after the other: its storage is kept.
package struct Transaction: ~Copyable {
    let plan: RuleSet
    let mode: WAFSettings.Mode
    let requestBodyLimit: Int
    let responseBodyLimit: Int
    let persistent: PersistentStore

    var heap: ValueHeap
    var captures: OperatorCaptures
    /// For patterns over keys, so that they do not disturb a rule's groups.
    var keyCaptures = PatternCaptures()
    var masks: [UInt64] = []
    var scanRow: [UInt64]
    var joint: [UInt8] = []
    var jointValues: [ValueID] = []

    // What the request is.
    var scalars: [ValueID] = []
    var stores: [[Entry]] = []
    var engine = EngineMode.on
    var began = Instant(nanoseconds: 0)
    var now = Instant(nanoseconds: 0)
    var requestBytes: [UInt8] = []
    var responseBytes: [UInt8] = []
    var isRequestTruncated = false
    var isResponseTruncated = false
    var contentType = ByteRange.empty
    var forcesRequestBody = false
    var requestBodyAccess = true
    var responseBodyAccess = true
    var isResponseTypeInspected = false
    var identity = RequestIdentity()
    var audits = true

    // What the rules did.
    var tx: [ValueID] = []
    var txOrder: [Int32] = []
    var dynamicNames: [[UInt8]: Int32] = [:]
    var dynamicKeys: [ValueID] = []
    var openCollections: [(variable: Variable, key: [UInt8])] = []
    var removed: [UInt64] = []
    var hasRemoved = false
    var targetRemovals: [TargetRemoval] = []
    var targetRemovalRules: [UInt64] = []
    var skipsEverything = false
    var skipsRequest = false
    package internal(set) var intervention: Intervention?
    /// The same in a mode that does not block.
    var wouldIntervene = false
    var errors: [String] = []
    var matchedRules: [MatchedRule] = []
    var matches: [Match] = []
    /// What the record does not show.
    var secrets = Secrets()
    var highestSeverity = 255

    /// Where the rules' steps are written down, for authors of rules; nil costs a comparison a rule
    /// and value.
    package var watch: RuleWatch?

    // Where the rules stand.
    var current: Int32 = -1
    var matched = Pair(variable: .matchedVar, key: -1, source: -1, value: -1)
    var matchedVars: [Pair] = []
    var groupStates: [GroupState] = []
    var groupMasks: [UInt64] = []
    var pairs: [Pair] = []
    var dynamicPairs: [Pair] = []
    var generation: Int32 = 0

    struct Entry {
        let key: ValueID
        let value: ValueID
    }

    /// A value that a rule looks at.
    struct Pair {
        let variable: Variable
        /// -1: a variable without keys.
        let key: ValueID
        let source: ValueID
        /// `source` transformed.
        var value: ValueID
    }

    struct GroupState {
        var generation: Int32 = -1
        var start: Int32 = 0
        var end: Int32 = 0
    }

    struct TargetRemoval {
        /// Ascending.
        let rules: [Int32]
        let exclusion: TargetExclusion
    }

    /// - Parameters:
    ///   - settings: mode and how much of bodies is inspected.
    ///   - persistent: shared by all transactions of a rule set.
    package init(_ plan: RuleSet, _ settings: WAFSettings, persistent: PersistentStore) {
        self.plan = plan
        mode = settings.mode
        requestBodyLimit = min(settings.requestBodyBytes, plan.settings.requestBodyLimit)
        responseBodyLimit = min(settings.responseBodyBytes, plan.settings.responseBodyLimit)
        self.persistent = persistent
        heap = ValueHeap(plan)
        scanRow = Array(repeating: 0, count: plan.maskWords)
        captures = OperatorCaptures(
            limits: PatternLimits(
                match: UInt32(clamping: plan.settings.matchLimit),
                depth: UInt32(clamping: plan.settings.depthLimit)))
    }

    /// Forgets the last request and takes the next one.
    package mutating func start(_ request: RequestIdentity, now: Instant) {
        heap.start(plan)
        masks.removeAll(keepingCapacity: true)
        masks.append(contentsOf: repeatElement(0, count: plan.maskWords))
        Self.fill(&scalars, Variable.scalarCount, -1)
        if stores.count == Store.count {
            for index in stores.indices { stores[index].removeAll(keepingCapacity: true) }
        } else {
            stores = Array(repeating: [], count: Store.count)
        }
        engine = plan.settings.mode
        if mode == .off { engine = .off }
        if mode == .detect, engine == .on { engine = .detectionOnly }
        began = now
        self.now = now
        requestBytes.removeAll(keepingCapacity: requestBytes.capacity <= 1 << 20)
        responseBytes.removeAll(keepingCapacity: responseBytes.capacity <= 1 << 20)
        (isRequestTruncated, isResponseTruncated) = (false, false)
        contentType = .empty
        forcesRequestBody = false
        requestBodyAccess = plan.settings.requestBodyAccess
        responseBodyAccess = plan.settings.responseBodyAccess && responseBodyLimit > 0
        isResponseTypeInspected = false
        identity = request
        audits = plan.settings.auditsAtAll
        Self.fill(&tx, plan.slots.names.count, -1)
        txOrder.removeAll(keepingCapacity: true)
        dynamicNames.removeAll(keepingCapacity: true)
        dynamicKeys.removeAll(keepingCapacity: true)
        openCollections.removeAll(keepingCapacity: true)
        if hasRemoved || removed.isEmpty { Self.fill(&removed, plan.ruleWords, 0) }
        hasRemoved = false
        if !targetRemovals.isEmpty || targetRemovalRules.isEmpty {
            Self.fill(&targetRemovalRules, plan.ruleWords, 0)
        }
        targetRemovals.removeAll(keepingCapacity: true)
        (skipsEverything, skipsRequest) = (false, false)
        intervention = nil
        wouldIntervene = false
        errors.removeAll(keepingCapacity: true)
        matchedRules.removeAll(keepingCapacity: true)
        matches.removeAll(keepingCapacity: true)
        secrets.removeAll()
        highestSeverity = 255
        current = -1
        matched = Pair(variable: .matchedVar, key: -1, source: -1, value: -1)
        matchedVars.removeAll(keepingCapacity: true)
        Self.fill(&groupStates, plan.groups.count, GroupState())
        Self.fill(&groupMasks, plan.groups.count * plan.maskWords, 0)
        pairs.removeAll(keepingCapacity: true)
        generation = 0
        watch?.start()
        setIdentity()
    }

    private static func fill<T>(_ array: inout [T], _ count: Int, _ value: T) {
        array.removeAll(keepingCapacity: true)
        array.append(contentsOf: repeatElement(value, count: count))
    }

    /// Leaves out what the request's route does not hold against it; before the phase to which it
    /// shall apply.
    package mutating func apply(_ exclusions: RuleExclusions) {
        for rule in exclusions.removed { remove(rule) }
        for removal in exclusions.targets { removeTargets(removal.rules, removal.exclusion) }
    }

    mutating func remove(_ rule: Int32) {
        removed[Int(rule) >> 6] |= 1 << UInt64(rule & 63)
        hasRemoved = true
        watch?.remove(rule, by: current)
    }

    mutating func removeTargets(_ rules: [Int32], _ exclusion: TargetExclusion) {
        // As many as a rule set of exclusions has; rules that loop do not exist.
        guard targetRemovals.count < 4096 else { return }
        for rule in rules { targetRemovalRules[Int(rule) >> 6] |= 1 << UInt64(rule & 63) }
        targetRemovals.append(TargetRemoval(rules: rules, exclusion: exclusion))
        watch?.targetRemovers.append(current)
    }
}

/// Who asks whom, as far as the connection knows.
package struct RequestIdentity: Sendable {
    package var client = IPAddress(v4: 0)
    package var clientPort: UInt16 = 0
    package var server = IPAddress(v4: 0)
    package var serverPort: UInt16 = 0
    /// Of the request, unguessable.
    package var uniqueID: [UInt8] = []
    /// Seconds since 1970, for TIME and its parts (UTC), and the record.
    package var epochSeconds: Int64 = 0
    package var milliseconds: Int = 0

    package init() {}
}

/// Where values with keys stand.
enum Store: Int {
    case argsGet, argsPost, requestHeaders, requestCookies, responseHeaders, files, filesSizes
    case filesTmpContent, partNames, partHeaders, xmlText, xmlAttributes

    static let count = 12
}
