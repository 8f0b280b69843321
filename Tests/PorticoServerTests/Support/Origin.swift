import Glibc
import PorticoBytes
import PorticoLoop
import Synchronization

/// A scripted origin node: each connection is a dialogue on a thread of its own.
///
/// Its port is bound from the beginning; until `open` nobody listens there.
final class Origin: Sendable {
    /// One request as it arrived, and the connection to answer on.
    struct Call {
        let head: Wire.Head
        /// The body, or where it is long only its beginning.
        let body: String
        let bodyCount: Int
        let wire: Wire

        var method: String { String(head.line.prefix { $0 != " " }) }
        var target: String { String(head.line.split(separator: " ")[1]) }

        func answer(
            _ status: Int = 200, _ body: String = "", fields: [String] = []
        ) throws {
            let lines = fields.map { $0 + "\r\n" }.joined()
            try wire.send(
                "HTTP/1.1 \(status) Said\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n"
                    + (method == "HEAD" ? "" : body))
        }
    }

    private let door: Door

    /// `script` answers one request; what it throws ends the connection. `expectingBodies`: the
    /// body is read, and 100 said to whom expects it, before the script runs.
    init(
        isOpen: Bool = true, expectingBodies: Bool = true,
        _ script: @escaping @Sendable (Call) throws -> Void
    ) throws {
        door = try Door(expectsBodies: expectingBodies, script)
        if isOpen { open() }
    }

    /// Answers with what it was asked: start line, fields and body.
    static func echo() throws -> Origin {
        try Origin { call in
            let fields = call.head.fields.map { "\($0.name): \($0.value)" }
            try call.answer(
                200, ([call.head.line] + fields).joined(separator: "\n") + "\n\n" + call.body)
        }
    }

    /// Answers each request with the same text.
    static func saying(_ text: String) throws -> Origin {
        try Origin { try $0.answer(200, text) }
    }

    /// A node where nobody listens.
    static func absent() throws -> Origin { try Origin(isOpen: false) { _ in } }

    deinit { close() }

    var node: String { "127.0.0.1:\(door.port)" }

    /// The start lines of the requests so far.
    var requests: [String] { door.requests }

    func open() { door.open() }

    /// Listens no more and cuts all connections.
    func close() { door.close() }
}

/// What an origin's threads share.
private final class Door: Sendable {
    private struct State {
        var connections: Set<Int32> = []
        var requests: [String] = []
        var isOpen = false
        var isClosed = false
    }

    private let socket: Int32
    private let expectsBodies: Bool
    let port: UInt16
    private let script: @Sendable (Origin.Call) throws -> Void
    private let state = Mutex(State())

    init(
        expectsBodies: Bool, _ script: @escaping @Sendable (Origin.Call) throws -> Void
    ) throws {
        self.expectsBodies = expectsBodies
        self.script = script
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_in.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, length) == 0
                    && getsockname(socket, address, &length) == 0
            }
        }
        if !isBound { throw Trouble("bind: \(Process.reason(errno))") }
        self.socket = socket
        port = UInt16(bigEndian: address.sin_port)
    }

    var requests: [String] { state.withLock { $0.requests } }

    func open() {
        state.withLock { $0.isOpen = true }
        listen(socket, 512)
        startThread { [self] in
            while true {
                guard Wait.readable([socket], by: monotonicNow() + .seconds(1))[0] else { continue }
                let accepted = Inheritance.guarded {
                    let accepted = accept(socket, nil, nil)
                    if accepted != -1 { Inheritance.end(of: accepted) }
                    return accepted
                }
                guard accepted != -1, admit(accepted) else { break }
                startThread { self.serve(accepted) }
            }
            Glibc.close(socket)
        }
    }

    func close() {
        state.withLock { state in
            if state.isClosed { return }
            state.isClosed = true
            if state.isOpen {
                // This wakes the thread that accepts, which closes the socket.
                shutdown(socket, Int32(SHUT_RDWR))
            } else {
                Glibc.close(socket)
            }
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    private func admit(_ descriptor: Int32) -> Bool {
        state.withLock { state in
            if state.isClosed {
                Glibc.close(descriptor)
            } else {
                state.connections.insert(descriptor)
            }
            return !state.isClosed
        }
    }

    private func serve(_ descriptor: Int32) {
        let wire = Wire(accepted: descriptor)
        defer {
            _ = state.withLock { $0.connections.remove(descriptor) }
            wire.close()
        }
        do {
            while true {
                let head = try wire.head()
                state.withLock { $0.requests.append(head.line) }
                var (body, count) = ("", 0)
                if expectsBodies {
                    if head["expect"] == "100-continue" {
                        try wire.send("HTTP/1.1 100 Continue\r\n\r\n")
                    }
                    (body, count) = try Self.body(of: head, on: wire)
                }
                try script(Origin.Call(head: head, body: body, bodyCount: count, wire: wire))
            }
        } catch {
            // The client has left, or the script wants the connection to end.
        }
    }

    /// A long body is counted, not kept.
    private static func body(of head: Wire.Head, on wire: Wire) throws -> (String, Int) {
        guard let length = head["content-length"].flatMap(Int.init), length > 1 << 20 else {
            let body = try wire.body(of: head) ?? ""
            return (body, body.utf8.count)
        }
        var left = length
        while left > 0 {
            if wire.bytes.isEmpty, try !wire.receive() { throw Trouble("cut") }
            let taken = min(left, wire.bytes.count)
            wire.forget(taken)
            left -= taken
        }
        return ("", length)
    }
}
