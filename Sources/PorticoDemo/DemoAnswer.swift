/// What the shop answers to one request. Framing fields (`Content-Length`, `Date`, `Connection`)
/// are for whoever writes it; so is leaving out the body of an answer to HEAD.
package struct DemoAnswer: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Bytes of the program itself: write them from where they lie.
        case photograph(Photograph)
    }

    package var status: UInt16
    package var fields: [(String, String)]
    package var body: Body
    /// How long the caller waits before it writes the answer. The shop itself never sleeps.
    package var delayMilliseconds = 0

    package var bodyCount: Int {
        switch body {
        case .bytes(let bytes): bytes.count
        case .photograph(let photograph): photograph.count
        }
    }

    /// The first field of that name, ASCII letters compared without case.
    package func field(_ name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.0.lowercased() == wanted }?.1
    }
}
