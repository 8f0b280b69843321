internal import PorticoBytes

/// What a value must have so that an operator can hold of it; each is cheaper to ask for than the
/// operator. Too little may be claimed, never too much.
struct Demands: Sendable {
    /// Of each of these sets, a byte.
    var kinds = KindDemands.none
    /// Lower-case literals of which one occurs, ASCII case ignored; nil: nothing is known. None:
    /// it cannot hold.
    var literals: [[UInt8]]?
    /// Bytes.
    var shortest = 0
}

extension CompiledOperator {
    func demands(assuming plainness: Plainness) -> Demands {
        var demands = Demands()
        switch test {
        case .none:
            switch name {
            case .validateUrlEncoding: demands.kinds = KindDemands([ByteKinds("%")])
            case .validateUtf8Encoding: demands.kinds = KindDemands([.high])
            default: break
            }
        case .number, .networks: break
        case .bytes(let set):
            var outside = ByteKinds.none
            for byte in UInt8.min...UInt8.max where !set.contains(byte) {
                outside.formUnion(ByteKinds(byte))
            }
            demands.kinds = KindDemands([outside.subtracting(plainness.absent)])
        case .text(let text):
            // @within asks the other way round.
            if name == .within { break }
            demands.literals = requiredLiterals
            demands.kinds = KindDemands(text: text)
            demands.shortest = text.count
        case .phrases: demands.literals = requiredLiterals
        case .pattern(let pattern):
            let source = pattern.source
            demands.shortest = pattern.shortest
            guard name == .rx,
                let facts = RequiredLiterals.facts(of: source.span, assuming: plainness)
            else { break }
            demands.literals = facts.isImpossible ? [] : RequiredLiterals.literals(facts)
            demands.kinds = facts.kinds
        }
        return demands
    }

    /// What says the same of values that are as assumed, with less work; nil if nothing is.
    func simplified(_ plainness: Plainness) -> CompiledOperator? {
        guard name == .rx, case .pattern(let pattern) = test else { return nil }
        let source = pattern.source
        var reader = PatternReader(source.span, assuming: plainness)
        guard reader.readAll() != nil, !reader.dropped.isEmpty else { return nil }
        let simpler = reader.simplified
        guard let made = try? Pattern(simpler.span), made.groupCount == pattern.groupCount else {
            return nil
        }
        return CompiledOperator(name, .pattern(made))
    }
}
