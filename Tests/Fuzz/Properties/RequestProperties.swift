import PorticoBytes
import PorticoHTTP
import PorticoHTTP1

/// What holds for each input of the request reader, whatever its bytes.
package enum RequestProperties {
    package enum Outcome: Equatable {
        case needsMore
        case head(consumed: Int)
        case fault(RequestFault)
    }

    static let limits = HeadLimits(bytes: 512, lines: 8, targetBytes: 64)
    /// What is written anew may be a little longer: "a:b" becomes "a: b".
    static let wideLimits = HeadLimits(bytes: 2048, lines: 8, targetBytes: 128)

    /// A sentence about what does not hold, or nil.
    package static func violation(by input: [UInt8], cut: Int) -> String? {
        var head = RequestHead()
        let whole = read(input, in: [input.count], into: &head)
        var other = RequestHead()
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

    private static func violation(whenWriting head: RequestHead) -> String? {
        var buffer = Buffer()
        HeadWriter.writeRequest(head, into: &buffer)
        let written = buffer.bytes.array
        if let flaw = flaw(in: written) { return flaw }
        var again = RequestHead()
        switch read(written, in: [written.count], into: &again, limits: wideLimits) {
        case .needsMore: return "what was written is no whole head"
        case .fault(.missingHost) where head.version == .http10: return nil
        case .fault(let fault): return "what was written is refused: \(fault)"
        case .head(let consumed):
            if consumed != written.count { return "what was written ends early" }
        }
        if !sameLines(head.fields, again.fields) { return "fields changed in writing" }
        if !head[head.methodRange].equals(again[again.methodRange]) { return "method changed" }
        if !head.path.isEmpty, !head[head.path].equals(again[again.path]) { return "path changed" }
        if head.version == .http10 { return nil }
        let framing = Result { () throws(RequestFault) in try head.bodyFraming() }
        let framingAgain = Result { () throws(RequestFault) in try again.bodyFraming() }
        if framing != framingAgain { return "framing changed: \(framing), \(framingAgain)" }
        return nil
    }

    /// Reads growing prefixes of `input`, as a connection does.
    package static func read(
        _ input: [UInt8], in cuts: [Int], into head: inout RequestHead,
        limits: HeadLimits = RequestProperties.limits
    ) -> Outcome {
        var reader = RequestReader(limits: limits)
        for cut in cuts {
            do throws(RequestFault) {
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

    private static func same(_ left: RequestHead, _ right: RequestHead) -> Bool {
        left.version == right.version && left.method == right.method
            && left.methodRange == right.methodRange && left.form == right.form
            && left.targetRange == right.targetRange && left.authority == right.authority
            && left.host == right.host && left.saidHTTPS == right.saidHTTPS
            && left.path == right.path && left.query == right.query
            && left.fields.storage == right.fields.storage && sameLines(left.fields, right.fields)
    }
}

func sameLines(_ left: Fields, _ right: Fields) -> Bool {
    guard left.count == right.count else { return false }
    for index in 0..<left.count {
        guard left.lines[index].name == right.lines[index].name,
            left.name(at: index).equals(right.name(at: index)),
            left.value(at: index).equals(right.value(at: index))
        else { return false }
    }
    return true
}

/// What no written head may contain.
func flaw(in written: [UInt8]) -> String? {
    for (index, byte) in written.enumerated() {
        switch byte {
        case 0x0D where index + 1 >= written.count || written[index + 1] != 0x0A:
            return "a bare CR was written"
        case 0x0A where index == 0 || written[index - 1] != 0x0D:
            return "a bare LF was written"
        case 0x00...0x08, 0x0B, 0x0C, 0x0E...0x1F, 0x7F: return "a control byte was written"
        default: continue
        }
    }
    return nil
}
