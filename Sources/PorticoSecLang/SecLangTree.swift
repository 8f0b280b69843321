/// What the rule files say, in the order in which they say it, includes put in their place.
package struct SecLangTree: Sendable {
    package internal(set) var directives: [Directive] = []
    package internal(set) var faults: [SecLangFault] = []
    /// What is accepted without having an effect.
    package internal(set) var warnings: [SecLangFault] = []
    /// Every file that was read, in order.
    package internal(set) var files: [String] = []

    package init() {}
}

package enum Directive: Sendable {
    case rule(RuleNode)
    case marker(name: [UInt8], SourcePlace)
    /// SecDefaultAction.
    case defaults([ActionNode], SourcePlace)
    case removal(RuleRemoval, SourcePlace)
    case targetUpdate(TargetUpdate)
    /// SecRuleUpdateActionById.
    case actionUpdate(id: Int, [ActionNode], SourcePlace)
    case setting(Setting, [Argument], SourcePlace)
}

/// Rules, named by what they bear.
package enum RuleSelection: Equatable, Sendable {
    case ids([ClosedRange<Int>])
    /// A regular expression over each of the tags.
    case tag([UInt8])
    /// A regular expression over the message.
    case message([UInt8])
}

package struct RuleRemoval: Equatable, Sendable {
    package let selection: RuleSelection
}

package struct TargetUpdate: Sendable {
    package let selection: RuleSelection
    package let targets: [TargetNode]
    package let place: SourcePlace
}

/// A SecRule or SecAction.
package struct RuleNode: Sendable {
    /// Empty in a SecAction.
    package let targets: [TargetNode]
    /// Nil in a SecAction.
    package let test: OperatorNode?
    package let actions: [ActionNode]
    package let place: SourcePlace
}

/// `[!|&]NAME[:SELECTOR]`.
package struct TargetNode: Equatable, Sendable {
    package enum Use: Equatable, Sendable {
        case value
        /// `&`: how many there are.
        case count
        /// `!`: these not.
        case exclusion
    }

    package enum Selector: Equatable, Sendable {
        case key([UInt8])
        /// What stands between the slashes.
        case pattern([UInt8])
    }

    package let use: Use
    /// In lower case.
    package let name: String
    package let selector: Selector?
    package let place: SourcePlace
}

/// `[!]@name[ operand]`.
package struct OperatorNode: Equatable, Sendable {
    package let isNegated: Bool
    /// In lower case.
    package let name: String
    package let operand: [UInt8]
    package let place: SourcePlace
    package let operandPlace: SourcePlace
}

/// `name[:value]`.
package struct ActionNode: Equatable, Sendable {
    /// In lower case.
    package let name: String
    package let value: [UInt8]?
    package let place: SourcePlace
}
