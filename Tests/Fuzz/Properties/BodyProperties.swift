import PorticoBytes
import PorticoHTTP
import PorticoHTTP1

/// What holds for each input of the body reader, whatever its bytes.
package enum BodyProperties {
    /// All that a body reader made of an input.
    package struct Outcome {
        package enum End: Equatable {
            case needsMore
            case end(rest: Int)
            case fault(BodyFault)
        }

        package var data: [UInt8] = []
        package var end = End.needsMore
        package var trailers = Fields()
    }

    static let limit: UInt64 = 4096
    static let trailerLimits = HeadLimits(bytes: 256, lines: 4)

    /// A sentence about what does not hold, or nil.
    package static func violation(by input: [UInt8], cut: Int) -> String? {
        for framing in [BodyFraming.chunked, .length(7), .untilClose, .none] {
            let whole = read(input, in: [input.count], framing)
            if !same(read(input, in: Array(0...input.count), framing), whole) {
                return "byte by byte reads otherwise than whole (\(framing), \(whole.end))"
            }
            if !same(read(input, in: [cut, input.count], framing), whole) {
                return "cut at \(cut) reads otherwise than whole (\(framing), \(whole.end))"
            }
            guard framing == .chunked, case .end = whole.end else { continue }
            var buffer = Buffer()
            if !whole.data.isEmpty {
                ChunkWriter.begin(whole.data.count, into: &buffer)
                buffer.append(whole.data.span)
                ChunkWriter.end(into: &buffer)
            }
            ChunkWriter.finish(trailers: whole.trailers, into: &buffer)
            let again = read(buffer.bytes.array, in: [buffer.count], .chunked)
            // The trailers may have grown over the limit: "a:b" becomes "a: b".
            if again.end == .fault(.trailersTooLong) { continue }
            if !same(again, whole, ignoringRest: true) { return "changed in writing" }
        }
        return nil
    }

    /// Hands `input` over in pieces that end at `cuts`, and drops what was consumed, as a
    /// connection does.
    package static func read(
        _ input: [UInt8], in cuts: [Int], _ framing: BodyFraming,
        limit: UInt64 = BodyProperties.limit,
        trailerLimits: HeadLimits = BodyProperties.trailerLimits
    ) -> Outcome {
        var reader = BodyReader(framing, limit: limit, trailerLimits: trailerLimits)
        var outcome = Outcome()
        var start = 0
        for cut in cuts {
            piece: while true {
                let piece = input.span.extracting(start..<cut)
                do throws(BodyFault) {
                    switch try reader.read(piece) {
                    case .needsMore(let consumed):
                        precondition(consumed == piece.count, "left bytes and wants more")
                        start += consumed
                        break piece
                    case .data(let range, let consumed):
                        precondition(!range.isEmpty && consumed == Int(range.upper))
                        outcome.data += piece.extracting(range.range).array
                        start += consumed
                    case .end(let consumed):
                        precondition(reader.isFinished)
                        outcome.end = .end(rest: input.count - start - consumed)
                        outcome.trailers = reader.trailers
                        return outcome
                    }
                } catch {
                    outcome.end = .fault(error)
                    return outcome
                }
            }
        }
        return outcome
    }

    private static func same(
        _ left: Outcome, _ right: Outcome, ignoringRest: Bool = false
    ) -> Bool {
        guard left.data == right.data, sameLines(left.trailers, right.trailers) else {
            return false
        }
        if ignoringRest, case .end = left.end, case .end = right.end { return true }
        return left.end == right.end
    }
}
