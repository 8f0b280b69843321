import PorticoBytes
import PorticoHTTP
import PorticoHTTP1

/// What holds for each input of the response reader, whatever its bytes.
package enum ResponseProperties {
    package enum Outcome: Equatable {
        case needsMore
        case head(consumed: Int)
        case fault(ResponseFault)
    }

    static let limits = HeadLimits(bytes: 512, lines: 8)
    static let wideLimits = HeadLimits(bytes: 2048, lines: 8)

    /// A sentence about what does not hold, or nil.
    package static func violation(by input: [UInt8], cut: Int) -> String? {
        var head = ResponseHead()
        let whole = read(input, in: [input.count], into: &head)
        var other = ResponseHead()
        if read(input, in: Array(0...input.count), into: &other) != whole {
            return "byte by byte reads otherwise than whole (\(whole))"
        }
        if case .head = whole, !same(head, other) { return "byte by byte gives another head" }
        if read(input, in: [cut, input.count], into: &other) != whole {
            return "cut at \(cut) reads otherwise than whole (\(whole))"
        }
        if case .head = whole, !same(head, other) { return "cut at \(cut) gives another head" }
        guard case .head(let consumed) = whole else { return nil }
        if consumed > input.count { return "consumed more than there was" }
        return violation(whenWriting: head)
    }

    private static func violation(whenWriting head: ResponseHead) -> String? {
        var buffer = Buffer()
        HeadWriter.writeResponse(head, into: &buffer)
        let written = buffer.bytes.array
        if let flaw = flaw(in: written) { return flaw }
        var again = ResponseHead()
        switch read(written, in: [written.count], into: &again, limits: wideLimits) {
        case .needsMore: return "what was written is no whole head"
        case .fault(let fault): return "what was written is refused: \(fault)"
        case .head(let consumed):
            if consumed != written.count { return "what was written ends early" }
        }
        if !sameLines(head.fields, again.fields) { return "fields changed in writing" }
        if head.status != again.status { return "status changed" }
        if !head.reason.isEmpty, !head.fields[head.reason].equals(again.fields[again.reason]) {
            return "reason changed"
        }
        if head.version == .http10 { return nil }
        for method in [Method.get, .head] {
            let framing = Result { () throws(ResponseFault) in try head.bodyFraming(to: method) }
            let other = Result { () throws(ResponseFault) in try again.bodyFraming(to: method) }
            if framing != other { return "framing changed: \(framing), \(other)" }
        }
        return nil
    }

    /// Reads growing prefixes of `input`, as a connection does.
    package static func read(
        _ input: [UInt8], in cuts: [Int], into head: inout ResponseHead,
        limits: HeadLimits = ResponseProperties.limits
    ) -> Outcome {
        var reader = ResponseReader(limits: limits)
        for cut in cuts {
            do throws(ResponseFault) {
                let prefix = input.span.extracting(..<cut)
                if case .head(let consumed) = try reader.read(prefix, into: &head) {
                    return .head(consumed: consumed)
                }
            } catch {
                return .fault(error)
            }
        }
        return .needsMore
    }

    private static func same(_ left: ResponseHead, _ right: ResponseHead) -> Bool {
        left.version == right.version && left.status == right.status
            && left.reason == right.reason && left.fields.storage == right.fields.storage
            && sameLines(left.fields, right.fields)
    }
}
