/// What a link of a rule does each time that one of its values matches (SECLANG §8).
enum Action: Sendable {
    enum Change: Sendable {
        case set
        case add
        case subtract
        case remove
    }

    enum Name: Sendable {
        case slot(Int32)
        /// Of TX.
        case built(Macro)
        case member(Variable, Macro)
    }

    case setVariable(Name, Change, Macro)
    /// `initcol`, `setsid`, `setuid`.
    case openCollection(Variable, key: Macro)
    case expire(Variable, name: Macro, seconds: Macro)
    case removeRules([Int32])
    /// Selected when it runs, since a macro stands in it.
    case removeRulesSelected(Selected, Macro)
    case removeTargets([Int32], TargetExclusion)
    case removeTargetsSelected(Selected, Macro, TargetExclusion)
    case engine(EngineMode)
    case requestBodyProcessor(Macro)
    case requestBodyAccess(Bool)
    case responseBodyAccess(Bool)
    case forceRequestBodyVariable(Bool)
    case auditEngine(Bool)
    case mask(Mask)

    /// What the record does not show (`sanitiseArg` and the like); names in lower case.
    enum Mask: Equatable, Sendable {
        case argument([UInt8])
        case requestField([UInt8])
        case responseField([UInt8])
        /// The value that has matched.
        case matched
    }

    enum Selected: Sendable {
        case ids, tag, message
    }
}

/// SecRuleEngine.
package enum EngineMode: UInt8, Sendable {
    case off
    case detectionOnly
    case on
}

/// What a rule that matched does to the request.
enum Disruption: Sendable {
    case pass
    case deny
    case drop
    case redirect(Macro)
    case allow(Allowance)

    enum Allowance: Sendable {
        case everything, phase, request
    }
}

/// How a link looks at a value.
enum LinkTest: Sendable {
    case always
    case never
    case number(Relation, Int64)
    case numberMacro(Relation, Macro)
    case compiled(CompiledOperator)
    /// An operator whose operand is put together when it runs.
    case expanded(ExpandedOperator, Macro)
}

enum Relation: Sendable {
    case equal, greater, greaterOrEqual, less, lessOrEqual

    @inline(__always) func holds(_ left: Int64, _ right: Int64) -> Bool {
        switch self {
        case .equal: left == right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .less: left < right
        case .lessOrEqual: left <= right
        }
    }
}
