import PorticoBytes
import PorticoHTTP

@testable import PorticoHTTP2

/// A frame as it stands on the wire (RFC 9113 §4.1).
struct Frame: Equatable {
    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    var bytes: [UInt8] {
        let size = payload.count
        return [UInt8(size >> 16 & 255), UInt8(size >> 8 & 255), UInt8(size & 255), type, flags]
            + Self.number(stream) + payload
    }

    static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> UInt32($0) & 255) }
    }

    static func all(in bytes: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let size = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard rest.count >= 9 + size else { break }
            frames.append(
                Frame(
                    type: head[3], flags: head[4],
                    stream: head[5...8].reduce(0) { $0 << 8 | UInt32($1) },
                    payload: Array(rest.dropFirst(9).prefix(size))))
            rest = rest.dropFirst(9 + size)
        }
        return frames
    }

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let settings = Frame(type: 4)

    /// A header section in literals that leave no trace in the table (RFC 7541 §6.2.3).
    static func section(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in [0x10] + text(name) + text(value) }
    }

    private static func text(_ text: String) -> [UInt8] {
        let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var head: [UInt8] = [127]
        while rest > 127 {
            head.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return head + [UInt8(rest)] + bytes
    }

    static func headers(
        _ stream: UInt32, _ fields: [(String, String)], ends: Bool = true
    ) -> Frame {
        Frame(type: 1, flags: ends ? 5 : 4, stream: stream, payload: section(fields))
    }

    static func data(_ stream: UInt32, _ bytes: [UInt8], ends: Bool = false) -> Frame {
        Frame(type: 0, flags: ends ? 1 : 0, stream: stream, payload: bytes)
    }

    static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> Frame {
        Frame(type: 3, stream: stream, payload: number(code))
    }
}

let get = [(":method", "GET"), (":scheme", "https"), (":authority", "a.test"), (":path", "/")]
let post = [(":method", "POST"), (":scheme", "https"), (":authority", "a.test"), (":path", "/")]

/// A server's session and what a client would see of it.
final class Rig {
    let session: Session
    var now = Instant(nanoseconds: 1_000_000_000)
    private(set) var streams: [SessionStream] = []
    private(set) var seen: [String] = []

    /// `hasHeard`: the client has acknowledged the settings, and is held to them.
    init(
        hasHeard: Bool = true, _ change: (inout SessionSettings) -> Void = { _ in }
    ) throws {
        var settings = SessionSettings(role: .server)
        change(&settings)
        guard let made = Session(settings, at: now) else { throw Trouble() }
        session = made
        try receive(Frame.preface + Frame.settings.bytes)
        _ = try sent()
        if hasHeard { try receive(Frame(type: 4, flags: 1)) }
        seen = []
    }

    struct Trouble: Error {}

    func receive(_ bytes: [UInt8]) throws(SessionFault) {
        do throws(SessionFault) {
            try session.receive(bytes.span, at: now)
        } catch {
            note()
            throw error
        }
        note()
    }

    func receive(_ frames: Frame...) throws(SessionFault) {
        try receive(frames.flatMap(\.bytes))
    }

    private func note() {
        for event in session.takeEvents() {
            switch event {
            case .request(let stream):
                streams.append(stream)
                seen.append(
                    "request \(stream.id) \(stream.refusal.map { "refused \($0)" } ?? stream.path)")
            case .news(let stream): seen.append("news \(stream.id) \(stream.inflow)")
            case .room(let stream): seen.append("room \(stream.id)")
            case .closed(let stream): seen.append("closed \(stream.id) \(stream.closeCode ?? 99)")
            case .goAway(let last, let code): seen.append("goaway \(last) \(code)")
            case .settings: seen.append("settings")
            case .pong: seen.append("pong")
            }
        }
    }

    /// The frames that leave now.
    func sent(upTo room: Int = 1 << 20) throws(SessionFault) -> [Frame] {
        try session.produce(upTo: room, at: now)
        let bytes = session.output.withBytes { $0.array }
        session.output.removeAll()
        note()
        return Frame.all(in: bytes)
    }

    func respond(_ stream: SessionStream, body: [UInt8] = []) {
        session.respond(
            ResponseHead(status: 200), on: stream, length: UInt64(body.count),
            hasBody: !body.isEmpty)
        session.put(body.span, on: stream)
        session.finish(stream)
    }

    func read(_ stream: SessionStream, upTo most: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = session.read(stream, upTo: most) { bytes = $0.array }
        return bytes
    }
}

extension SessionStream {
    var path: String {
        let head = request
        return head[head.targetRange].text
    }

    func value(of name: FieldName) -> String {
        let head = request
        return head[head.fields.range(of: name)].text
    }
}

extension [Frame] {
    /// Codes of the resets among them.
    var resets: [UInt32] {
        filter { $0.type == 3 }.map { $0.payload.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    /// Code of the GOAWAY among them.
    var goAway: UInt32? {
        first { $0.type == 7 }.map { $0.payload[4..<8].reduce(0) { $0 << 8 | UInt32($1) } }
    }

    var data: [UInt8] { filter { $0.type == 0 }.flatMap(\.payload) }
}
