internal import PorticoBytes
internal import Synchronization

/// An operator whose operand holds macros: it is asked about a value and an operand expanded for
/// it. Shared between threads.
///
/// Comparisons allocate nothing. `@rx`, `@pm` and `@ipMatch` must compile the operand; the last
/// few that were met are kept.
package final class ExpandedOperator: Sendable {
    package let name: OperatorName
    private let recent = Mutex<[Entry]>([])

    private struct Entry {
        let operand: [UInt8]
        /// Nil: it was no operand.
        let made: CompiledOperator?
    }

    /// More than rule sets expand to in practice, few enough to look through.
    private static let most = 16

    /// Nil if the operator's operand cannot hold macros (`OperatorName.takesMacros`).
    package init?(_ name: OperatorName) {
        guard name.takesMacros else { return nil }
        self.name = name
    }

    /// Whether the value matches. An operand that the operator cannot take matches nothing.
    package func evaluate(
        _ value: Span<UInt8>, operand: Span<UInt8>, captures: inout OperatorCaptures
    ) -> Bool {
        captures.clear()
        switch name {
        case .eq, .ge, .gt, .le, .lt:
            return Comparison.holds(name, value, DecimalPrefix.value(of: operand))
        case .rx, .pm, .ipMatch:
            return compiled(operand)?.evaluate(value, captures: &captures) ?? false
        default: return Comparison.holds(name, value, operand)
        }
    }

    private func compiled(_ operand: Span<UInt8>) -> CompiledOperator? {
        let operand = operand.array
        if let known = recent.withLock({ $0.first { $0.operand == operand } }) { return known.made }
        // Compiled outside of the lock: others need not wait.
        var compiler = OperatorCompiler { name throws(OperatorFault) in
            throw .unreadableFile(name: name, why: "")
        }
        let made = try? compiler.compile(name, operand: operand)
        recent.withLock { entries in
            if entries.count == Self.most { entries.removeFirst() }
            entries.append(Entry(operand: operand, made: made))
        }
        return made
    }
}
