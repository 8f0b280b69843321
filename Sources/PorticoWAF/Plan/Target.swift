internal import PorticoBytes

/// What of a collection is meant.
enum KeySelector: Sendable {
    case all
    /// In lower case.
    case key([UInt8])
    case pattern(Pattern)
    /// A key of TX that the rule set has numbered.
    case slot(Int32)

    func matches(_ key: Span<UInt8>, _ captures: inout PatternCaptures) -> Bool {
        switch self {
        case .all, .slot: true
        case .key(let wanted): key.equalsFolded(wanted.span)
        case .pattern(let pattern): pattern.firstMatch(in: key, captures: &captures) == .matched
        }
    }

    /// Whether an exclusion means a value under this key; -1: a value without one.
    func leavesOut(
        _ key: ValueID, of heap: borrowing ValueHeap, _ captures: inout PatternCaptures
    ) -> Bool {
        if case .all = self { return true }
        return key >= 0 && matches(heap.bytes(key), &captures)
    }
}

/// `NAME:SELECTOR` of a rule, `&` included.
struct Target: Sendable {
    let variable: Variable
    let selector: KeySelector
    let isCount: Bool
}

/// `!NAME:SELECTOR`.
struct TargetExclusion: Sendable {
    let variable: Variable
    let selector: KeySelector
}

/// The values that rules look at after the same transformations: collected, transformed and
/// scanned for literals once for all rules that name the same.
struct TargetGroup: Sendable {
    var targets: [Target]
    var exclusions: [TargetExclusion]
    /// A node of the plan's chains.
    let chain: Int32
    /// Whether the values stay as they are for a phase; TX and what follows matches does not.
    let isStatic: Bool
    /// Whether a rule of the group has a filter.
    var isFiltered = false
}

/// One way through the transformations, as a step behind another one. Node 0 changes nothing.
struct Chain: Sendable {
    let parent: Int32
    let step: Transformation
    /// All steps in order, for multiMatch.
    let path: [Int32]
}

extension Variable {
    /// Whether the values stay as they are for a phase once it has begun.
    var isStatic: Bool {
        switch self {
        case .tx, .ip, .global, .session, .user, .resource, .geo, .rule, .matchedVar,
            .matchedVarName, .matchedVars, .matchedVarsNames, .duration, .highestSeverity,
            .reqbodyProcessor, .reqbodyError, .reqbodyErrorMsg, .reqbodyProcessorError,
            .reqbodyProcessorErrorMsg, .sessionID, .userID, .requestBody,
            .requestBodyLength, .argsCombinedSize, .filesCombinedSize, .inboundDataError,
            .multipartStrictError, .multipartUnmatchedBoundary, .fullRequest, .fullRequestLength:
            false
        default: true
        }
    }
}
