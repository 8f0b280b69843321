internal import PorticoBytes
internal import PorticoHTTP

/// How soon a response should leave (RFC 9218 §4).
struct Priority: Equatable {
    var urgency: UInt32 = 3
    var isIncremental = false

    /// From a Priority field; what is malformed or unknown says nothing.
    init(_ fields: borrowing Fields) {
        guard let index = fields.firstIndex(of: .priority) else { return }
        var members = StructuredDictionary(fields.value(at: index))
        let text = fields.value(at: index)
        var read = self
        while true {
            switch members.next() {
            case .member(let key, .integer(let number)):
                if text.extracting(key).equals("u"), (0...7).contains(number) {
                    read.urgency = UInt32(number)
                }
            case .member(let key, .boolean(let flag)):
                if text.extracting(key).equals("i") { read.isIncremental = flag }
            case .member: break
            case .end:
                self = read
                return
            case .malformed: return
            }
        }
    }

    init() {}
}
