import HTTP1Properties
import PorticoBytes
import PorticoHTTP
import PorticoHTTP1

/// A string in which one character is one byte, as in the tables of these tests.
func bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}

/// Reads a whole request head.
func readRequest(
    _ text: String, limits: HeadLimits = HeadLimits()
) throws(RequestFault) -> RequestHead {
    var head = RequestHead()
    var reader = RequestReader(limits: limits)
    guard case .head = try reader.read(bytes(text).span, into: &head) else {
        preconditionFailure("not a whole head: \(text)")
    }
    return head
}

/// Reads a whole response head.
func readResponse(_ text: String) throws(ResponseFault) -> ResponseHead {
    var head = ResponseHead()
    var reader = ResponseReader(limits: HeadLimits())
    guard case .head = try reader.read(bytes(text).span, into: &head) else {
        preconditionFailure("not a whole head: \(text)")
    }
    return head
}

/// What the request reader says after all of `text`.
func requestOutcome(
    _ text: String, limits: HeadLimits = HeadLimits()
) -> RequestProperties.Outcome {
    var head = RequestHead()
    let input = bytes(text)
    return RequestProperties.read(input, in: [input.count], into: &head, limits: limits)
}

func responseOutcome(
    _ text: String, limits: HeadLimits = HeadLimits()
) -> ResponseProperties.Outcome {
    var head = ResponseHead()
    let input = bytes(text)
    return ResponseProperties.read(input, in: [input.count], into: &head, limits: limits)
}

extension Buffer {
    var text: String { bytes.text }
}
