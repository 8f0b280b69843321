import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoHTTP2

@Suite("A server's HTTP/2 session (RFC 9113)")
struct SessionTests {
    @Test func `a request is read, and its response leaves`() throws {
        let rig = try Rig()
        try rig.receive(.headers(1, get))
        #expect(rig.seen == ["request 1 /"])
        rig.respond(rig.streams[0], body: Array("hello".utf8))
        let frames = try rig.sent()
        #expect(frames.map(\.type) == [1, 0])
        #expect(frames.data == Array("hello".utf8))
        #expect(rig.seen.last == "closed 1 0")
        #expect(rig.session.openStreams == 0 && rig.session.waiting == 0)
    }

    @Test func `input cut anywhere means the same`() throws {
        let whole =
            Frame.headers(1, post + [("cookie", "a=1"), ("cookie", "b=2")], ends: false).bytes
            + Frame.data(1, Array("some body".utf8)).bytes
            + Frame.headers(1, [("x-check", "7")]).bytes
            + Frame.headers(3, get + [("Bad", "x")]).bytes
        for cut in 1..<whole.count {
            let rig = try Rig()
            try rig.receive(Array(whole[..<cut]))
            try rig.receive(Array(whole[cut...]))
            #expect(rig.streams.count == 2)
            let stream = rig.streams[0]
            #expect(rig.read(stream) == Array("some body".utf8))
            #expect(stream.inflow == .ended)
            #expect(stream.trailers.count == 1)
            #expect(stream.value(of: .cookie) == "a=1; b=2")
            #expect(rig.streams[1].refusal == .badFieldName)
        }
    }

    @Test func `a body that came with its head is a body`() throws {
        let rig = try Rig()
        try rig.receive(.headers(1, post, ends: false), .data(1, [1, 2], ends: true))
        try rig.receive(.headers(3, post))
        #expect(rig.streams.map(\.isBare) == [false, true])
        #expect(rig.streams.map(\.inflow) == [.ended, .ended])
        #expect(rig.read(rig.streams[0]) == [1, 2])
    }

    @Test func `the window opens as the body is read, and no sooner`() throws {
        let rig = try Rig { $0.streamWindow = 65536 }
        try rig.receive(.headers(1, post, ends: false))
        for _ in 0..<4 { try rig.receive(.data(1, Array(repeating: 7, count: 16384))) }
        #expect(try rig.sent().allSatisfy { $0.type != 8 })
        #expect(rig.read(rig.streams[0], upTo: 40000).count == 40000)
        #expect(try rig.sent().contains { $0.type == 8 && $0.stream == 1 })
        // Who sends more than the window allows is cut off.
        for _ in 0..<3 { try rig.receive(.data(1, Array(repeating: 7, count: 16384))) }
        #expect(try rig.sent().resets == [3])
    }

    @Test func `a stream that nobody reads gives the connection's window back`() throws {
        let rig = try Rig { settings in
            settings.streamWindow = 65536
            settings.connectionWindow = 65536
        }
        for id in stride(from: UInt32(1), to: 41, by: 2) {
            try rig.receive(.headers(id, post, ends: false))
            try rig.receive(.data(id, Array(repeating: 7, count: 16384)))
            let stream = try #require(rig.streams.last)
            rig.respond(stream)
            rig.session.drop(stream)
            let frames = try rig.sent()
            #expect(frames.resets == [0], "the answer is whole, the request was not wanted")
            #expect(frames.goAway == nil)
        }
    }

    @Test func `a response keeps to the client's window`() throws {
        let rig = try Rig()
        try rig.receive(Frame(type: 4, payload: [0, 4, 0, 0, 0, 10]), .headers(1, get))
        let body = Array(repeating: UInt8(1), count: 25)
        rig.streams[0].wantsRoom = true
        rig.respond(rig.streams[0], body: body)
        #expect(try rig.sent().data.count == 10)
        #expect(rig.session.waiting == 15)
        try rig.receive(Frame(type: 8, stream: 1, payload: Frame.number(100)))
        #expect(try rig.sent().data.count == 15)
        #expect(rig.seen.contains("room 1"))
    }

    @Test func `the urgent one leaves first`() throws {
        let rig = try Rig()
        try rig.receive(
            .headers(1, get + [("priority", "u=6")]), .headers(3, get),
            .headers(5, get + [("priority", "u=0")]))
        for stream in rig.streams { rig.respond(stream, body: Array(repeating: 0, count: 20000)) }
        let order = try rig.sent().filter { $0.type == 0 }.map(\.stream)
        #expect(order == [5, 5, 3, 3, 1, 1])
    }

    @Test func `trailers go both ways, and 1xx before the answer`() throws {
        let rig = try Rig()
        try rig.receive(.headers(1, get))
        let stream = rig.streams[0]
        rig.session.sendInterim(ResponseHead(status: 103), on: stream)
        rig.session.respond(ResponseHead(status: 200), on: stream, length: nil, hasBody: true)
        rig.session.put(Array("x".utf8).span, on: stream)
        var trailers = Fields()
        trailers.append(name: Array("x-sum".utf8).span, value: Array("1".utf8).span)
        rig.session.finish(stream, trailers: trailers)
        let frames = try rig.sent()
        #expect(frames.map(\.type) == [1, 1, 0, 1])
        #expect(frames.map { $0.flags & 1 } == [0, 0, 0, 1])
    }

    @Test(arguments: [
        ("3", ["hello"], true), ("10", ["hello"], true), ("10", ["hel", "lo"], true),
        ("5", ["hello"], false), ("5", ["hel", "lo"], false),
    ])
    func `content-length and DATA say the same`(
        _ length: String, _ pieces: [String], _ isBroken: Bool
    ) throws {
        let rig = try Rig()
        try rig.receive(.headers(1, post + [("content-length", length)], ends: false))
        for (index, piece) in pieces.enumerated() {
            try rig.receive(.data(1, Array(piece.utf8), ends: index == pieces.count - 1))
        }
        #expect((rig.streams[0].inflow == .broken(code: 1)) == isBroken)
        #expect(try rig.sent().resets == (isBroken ? [1] : []))
    }

    @Test func `trailers with a pseudo-field, or without an end, break the stream`() throws {
        let rig = try Rig()
        try rig.receive(
            .headers(1, post, ends: false), .headers(1, [(":path", "/x")]),
            .headers(3, post, ends: false), .headers(3, [("x", "y")], ends: false))
        #expect(rig.streams.map(\.inflow) == [.broken(code: 1), .broken(code: 1)])
        #expect(try rig.sent().resets == [1, 1])
    }

    @Test func `after a graceful end streams are finished and none begun`() throws {
        let rig = try Rig()
        try rig.receive(.headers(1, get))
        rig.session.announceEnd()
        #expect(try rig.sent().goAway == 0)
        try rig.receive(.headers(3, get))
        #expect(rig.streams.count == 2, "the client could not know yet")
        rig.session.goAway()
        _ = try rig.sent()
        try rig.receive(.headers(5, get))
        #expect(rig.streams.count == 2)
        for stream in rig.streams { rig.respond(stream, body: [1]) }
        #expect(try rig.sent().data == [1, 1])
    }

    @Test func `a WebSocket is asked for by an extended CONNECT`() throws {
        let rig = try Rig()
        try rig.receive(
            .headers(
                1,
                [(":method", "CONNECT"), (":protocol", "websocket")] + get.dropFirst(),
                ends: false))
        #expect(rig.streams[0].kind == .webSocket)
        #expect(rig.streams[0].refusal == nil)
        rig.session.respond(
            ResponseHead(status: 101), on: rig.streams[0], length: nil, hasBody: true)
        rig.session.put(Array("pong".utf8).span, on: rig.streams[0])
        try rig.receive(.data(1, Array("ping".utf8)))
        #expect(rig.read(rig.streams[0]) == Array("ping".utf8))
        #expect(try rig.sent().data == Array("pong".utf8))
    }

    @Test func `a stream comes again as another one with nothing of the first`() throws {
        let rig = try Rig()
        try rig.receive(.headers(1, post + [("x-first", "1")], ends: false))
        try rig.receive(.data(1, [1, 2, 3]), .headers(1, [("x-t", "1")]))
        rig.respond(rig.streams[0], body: [9])
        _ = try rig.sent()
        rig.session.giveBack(rig.streams[0])
        try rig.receive(.headers(3, get))
        let stream = rig.streams[1]
        #expect(stream.request.fields.isEmpty && stream.trailers.isEmpty)
        #expect(!stream.hasInput && stream.waiting == 0 && stream.inflow == .ended)
        #expect(stream.id == 3 && stream.path == "/")
    }
}

@Suite("What a peer may not do to a session")
struct SessionAbuseTests {
    /// Sends frames until the session says no; how many that were.
    private func flood(
        _ rig: Rig, _ make: (UInt32) -> [Frame]
    ) throws -> (sent: Int, fault: SessionFault?) {
        let most = 20000
        for index in 0..<most {
            do throws(SessionFault) {
                try rig.receive(make(UInt32(2 * index + 1)).flatMap(\.bytes))
                _ = try rig.sent()
            } catch {
                // Some builds of the library have a bound of their own, and no last word.
                if error != .exhausted { #expect(try rig.sent().goAway == 11) }
                return (index, error)
            }
        }
        return (most, nil)
    }

    @Test func `a flood ends the connection`() throws {
        let floods: [(String, (UInt32) -> [Frame])] = [
            ("rapid reset", { [.headers($0, get), .reset($0)] }),
            ("rapid reset of bodies", { [.headers($0, post, ends: false), .reset($0)] }),
            (
                "made you reset",
                { id in
                    [
                        .headers(id, post + [("content-length", "1")], ends: false),
                        .data(id, [1, 2]),
                    ]
                }
            ),
            ("ping", { _ in [Frame(type: 6, payload: Array(repeating: 1, count: 8))] }),
            ("settings", { _ in [Frame(type: 4, payload: [0, 3, 0, 0, 0, 100])] }),
            ("priority", { [Frame(type: 2, stream: $0, payload: [0, 0, 0, 0, 16])] }),
            ("window update", { _ in [Frame(type: 8, payload: [0, 0, 0, 1])] }),
            (
                "empty data",
                { id in
                    id == 1 ? [.headers(1, post, ends: false)] : [.data(1, [])]
                }
            ),
            (
                "padding",
                { id in
                    id == 1
                        ? [.headers(1, post, ends: false)]
                        : [Frame(type: 0, flags: 8, stream: 1, payload: [2, 0, 0])]
                }
            ),
            ("unknown types", { [Frame(type: 0xA5, stream: $0, payload: [1])] }),
        ]
        for (name, make) in floods {
            let rig = try Rig()
            let (sent, fault) = try flood(rig, make)
            #expect(fault != nil && sent <= 1100, "\(name): \(sent) \(fault as Any)")
            #expect(rig.session.memory < 1 << 20, "\(name)")
        }
    }

    @Test func `a header section does not go on for ever`() throws {
        for size in [0, 1, 4000] {
            let rig = try Rig()
            let start = Frame(type: 1, flags: 1, stream: 1, payload: Frame.section(get))
            try rig.receive(start)
            let piece = Frame(
                type: 9, stream: 1,
                payload: size < 4000
                    ? Array(repeating: 0, count: size)
                    : Frame.section([("x", String(repeating: "a", count: size))]))
            let (sent, fault) = try flood(rig) { _ in [piece] }
            #expect(fault != nil && sent < 60, "\(size): \(sent) \(fault as Any)")
        }
    }

    @Test func `only a purge may be longer than other heads`() throws {
        let rig = try Rig {
            $0.headBytes = 1000
            $0.purgeBytes = 10000
        }
        let tags = [("x-tags", String(repeating: "a", count: 5000))]
        let purge = [(":method", "PURGE")] + get.dropFirst()
        try rig.receive(.headers(1, get + tags), .headers(3, purge + tags))
        try rig.receive(.headers(5, purge + tags + tags + tags))
        #expect(rig.streams.map(\.refusal) == [.tooLong, nil, .tooLong])
    }

    @Test func `what stands for much more than it is stays small`() throws {
        let rig = try Rig()
        var bomb = Frame.section(get) + [0x40, 1, 0x78, 0x7F, 0x81, 0x1E]
        bomb += Array(repeating: 0x61, count: 4000) + Array(repeating: 0xBE, count: 10000)
        try rig.receive(Frame(type: 1, flags: 5, stream: 1, payload: bomb))
        #expect(rig.streams[0].refusal?.status == 431)
        #expect(rig.session.memory < 300_000)
    }

    @Test func `an honest client is never cut off`() throws {
        let rig = try Rig()
        // A page after the other, each abandoned with 60 pictures under way, pings in between; and
        // a download whose windows are opened every 16 KiB.
        var id: UInt32 = 1
        for _ in 0..<15 {
            let first = id
            for _ in 0..<60 {
                try rig.receive(.headers(id, get))
                id += 2
            }
            for reset in stride(from: first, to: id, by: 2) { try rig.receive(.reset(reset)) }
            try rig.receive(Frame(type: 6, payload: Array(repeating: 1, count: 8)))
            _ = try rig.sent()
            rig.now = rig.now + .seconds(4)
        }
        try rig.receive(.headers(id, get))
        let stream = try #require(rig.streams.last)
        rig.session.respond(ResponseHead(status: 200), on: stream, length: nil, hasBody: true)
        for _ in 0..<5000 {
            rig.session.put(Array(repeating: 0, count: 16384).span, on: stream)
            _ = try rig.sent()
            for place in [0, id] {
                try rig.receive(Frame(type: 8, stream: place, payload: Frame.number(16384)))
            }
        }
        #expect(!stream.isClosed)
    }

    @Test func `frames for a stream that is over end the connection`() throws {
        let rig = try Rig()
        try rig.receive(.headers(5, get))
        rig.respond(rig.streams[0])
        _ = try rig.sent()
        #expect(throws: SessionFault.violation) { try rig.receive(.headers(3, get)) }
    }

    @Test func `DATA for a stream that is over ends the connection`() throws {
        for cut in 0...10 {
            let rig = try Rig()
            try rig.receive(.headers(1, get))
            rig.respond(rig.streams[0])
            _ = try rig.sent()
            let bytes = Frame.data(1, [1], ends: true).bytes
            var fault: SessionFault?
            do throws(SessionFault) {
                try rig.receive(Array(bytes[..<cut]))
                try rig.receive(Array(bytes[cut...]))
            } catch {
                fault = error
            }
            #expect(fault == .violation)
            #expect(try rig.sent().goAway == 5)
        }
    }

    @Test func `a stream refused for want of room may bring its body in one piece`() throws {
        let rig = try Rig(hasHeard: false) { $0.streams = 1 }
        try rig.receive(
            .headers(1, post, ends: false), .headers(3, post, ends: false), .data(3, [1]),
            .headers(5, post, ends: false), .data(3, [1], ends: true), .data(5, [2]),
            .headers(5, [("x", "y")]), .data(1, [7], ends: true))
        #expect(rig.read(rig.streams[0]) == [7])
        #expect(rig.session.sectionBegan == nil)
        #expect(try rig.sent().goAway == nil)
        // But not for ever.
        let (sent, fault) = try flood(rig) { _ in [.data(3, [1])] }
        #expect(fault == .violation && sent <= 1100)
    }

    @Test func `what was on its way to a stream that we reset is passed over`() throws {
        let rig = try Rig(hasHeard: false) { $0.streams = 1 }
        try rig.receive(.headers(1, post, ends: false), .headers(3, post, ends: false))
        #expect(rig.streams.count == 1)
        #expect(try rig.sent().resets == [7])
        try rig.receive(.data(3, [1, 2, 3], ends: true))
        rig.session.reset(rig.streams[0], .cancel)
        _ = try rig.sent()
        try rig.receive(.data(1, [1]), .headers(1, [("x", "y")]))
        #expect(try rig.sent().goAway == nil)
    }
}
