internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoHTTP1
internal import PorticoLoop

/// One connection to a node, from its first request to its end. Requests are answered one after
/// another, pipelined ones too.
final class DemoConnection {
    /// Why there is no next request.
    private enum Ending: Error {
        /// Nobody is there to be answered.
        case gone
        case refused(status: UInt16)
    }

    private static let readSize = 16 << 10

    private let stream: Stream
    private let reactor: Reactor
    private let shop: DemoShop
    private let bounds: DemoNode.Bounds
    private var input = Buffer()
    private var output = Buffer()
    private var reader: RequestReader
    private var head = RequestHead()
    private let scope = Scope()

    init(_ stream: Stream, to node: DemoNode) {
        self.stream = stream
        reactor = stream.reactor
        shop = node.shop
        bounds = node.bounds
        reader = RequestReader(limits: bounds.head)
        stream.onHangUp = scope
    }

    func serve() async {
        do throws(Ending) {
            while true {
                try await receiveHead()
                try await dropBody()
                let answer = shop.answer(to: head)
                if answer.delayMilliseconds > 0 { try await wait(answer.delayMilliseconds) }
                try await send(answer, keeping: head.keepsAlive)
                if !head.keepsAlive { break }
            }
            stream.close()
        } catch {
            switch error {
            case .gone: stream.close()
            case .refused(let status): await refuse(status)
            }
        }
    }

    // MARK: - The request

    private func receiveHead() async throws(Ending) {
        reader.reset()
        head.reset()
        var deadline = reactor.now + bounds.idleTimeout
        var hasBegun = false
        while true {
            if !input.isEmpty {
                do throws(RequestFault) {
                    let progress = try input.withBytes { bytes throws(RequestFault) in
                        try reader.read(bytes, into: &head)
                    }
                    if case .head(let consumed) = progress { return input.consume(consumed) }
                } catch {
                    throw .refused(status: error.status)
                }
                if reader.hasBegun && !hasBegun {
                    hasBegun = true
                    deadline = reactor.now + bounds.headTimeout
                }
            }
            do throws(Ending) {
                try await receive(by: deadline)
            } catch {
                if case .refused = error, !hasBegun { throw .gone }
                throw error
            }
        }
    }

    private func dropBody() async throws(Ending) {
        let framing: BodyFraming
        do throws(RequestFault) {
            framing = try head.bodyFraming()
        } catch {
            throw .refused(status: error.status)
        }
        var body = BodyReader(framing, limit: bounds.bodyBytes, trailerLimits: bounds.head)
        if !body.isFinished && head.expectsContinue {
            output.append("HTTP/1.1 100 Continue\r\n\r\n")
            try await flush()
        }
        while true {
            let step: BodyReader.Step
            do throws(BodyFault) {
                step = try input.withBytes { bytes throws(BodyFault) in try body.read(bytes) }
            } catch {
                throw .refused(status: error.status)
            }
            switch step {
            case .data(_, let consumed): input.consume(consumed)
            case .end(let consumed): return input.consume(consumed)
            case .needsMore(let consumed):
                input.consume(consumed)
                try await receive(by: reactor.now + bounds.bodyTimeout)
            }
        }
    }

    /// Waits for more bytes; 408 when they do not come.
    private func receive(by deadline: Instant) async throws(Ending) {
        do throws(IOFault) {
            while true {
                if let count = try stream.readNow(into: &input, upTo: Self.readSize) {
                    if count == 0 { throw .interrupted }
                    return
                }
                try await stream.readable(by: deadline, in: scope)
            }
        } catch {
            throw error == .late ? .refused(status: 408) : .gone
        }
    }

    // MARK: - The answer

    /// Ends early when the client leaves.
    private func wait(_ milliseconds: Int) async throws(Ending) {
        let deadline = reactor.now + .milliseconds(milliseconds)
        if await WaitPoint(reactor.timers).wait(by: deadline, in: scope) == .interrupted {
            throw .gone
        }
    }

    private func send(_ answer: DemoAnswer, keeping: Bool) async throws(Ending) {
        output.append(answer, keeping: keeping, in: head.version, at: reactor.wallTime / 1_000_000)
        if head.method == .head || answer.status == 304 { return try await flush() }
        switch answer.body {
        case .bytes(let bytes):
            output.append(bytes.span)
            try await flush()
        case .photograph(let photograph):
            try await flush()
            var sent = 0
            while sent < photograph.count {
                do throws(IOFault) {
                    sent += try stream.writeNow(photograph.bytes.extracting(sent...))
                    if sent == photograph.count { return }
                    try await stream.writable(by: reactor.now + bounds.bodyTimeout, in: scope)
                } catch {
                    throw .gone
                }
            }
        }
    }

    private func flush() async throws(Ending) {
        do throws(IOFault) {
            while try !stream.writeNow(&output) {
                try await stream.writable(by: reactor.now + bounds.bodyTimeout, in: scope)
            }
        } catch {
            throw .gone
        }
    }

    /// Answers and closes. What is still on its way from the client is read for a moment, since
    /// a reset would take the answer with it (RFC 9112 §9.6).
    private func refuse(_ status: UInt16) async {
        let answer = shop.plain(status, "\(StatusPhrase.of(status))\n")
        do throws(Ending) {
            try await send(answer, keeping: false)
            stream.finishWriting()
            let deadline = reactor.now + .seconds(1)
            for _ in 0..<64 {
                input.removeAll()
                try await receive(by: deadline)
            }
        } catch {}
        stream.close()
    }
}

extension Buffer {
    /// The head of an answer.
    fileprivate mutating func append(
        _ answer: DemoAnswer, keeping: Bool, in version: HTTPVersion, at seconds: Int64
    ) {
        HeadWriter.writeStatus(answer.status, reason: Span(), into: &self)
        append("Date: ")
        HTTPDate.write(seconds, into: &self)
        append("\r\n")
        for (name, value) in answer.fields {
            append(name)
            append(": ")
            append(value)
            append("\r\n")
        }
        if answer.status != 304 {
            append("Content-Length: ")
            append(decimal: UInt64(answer.bodyCount))
            append("\r\n")
        }
        if !keeping {
            append("Connection: close\r\n")
        } else if version == .http10 {
            append("Connection: keep-alive\r\n")
        }
        append("\r\n")
    }
}

extension DemoShop {
    func answer(to head: borrowing RequestHead) -> DemoAnswer {
        let path = head.path.isEmpty ? "/" : head[head.path].text
        var query: String?
        if let range = head.query { query = head[range].text }
        return answer(
            method: head[head.methodRange].text, path: path, query: query,
            cookies: head.fields.joined(.cookie, by: "; "),
            ifNoneMatch: head.fields.joined(.ifNoneMatch, by: ", "),
            fields: path == "/echo" ? head.fields.texts : [])
    }
}

extension Fields {
    /// The values of all lines of a name; nil if there are none.
    fileprivate func joined(_ name: FieldName, by separator: String) -> String? {
        let values = lines.filter { $0.name == name }.map { self[$0.valueRange].text }
        return values.isEmpty ? nil : values.joined(separator: separator)
    }

    fileprivate var texts: [(String, String)] {
        lines.map { (self[$0.nameRange].text, self[$0.valueRange].text) }
    }
}
