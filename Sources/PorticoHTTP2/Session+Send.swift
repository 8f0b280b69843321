internal import CPorticoNgHTTP2
package import PorticoBytes
package import PorticoHTTP

/// What goes out: heads, bodies, trailers, resets; and the frames that are made of them.
extension Session {
    /// Submits an interim response head.
    package func sendInterim(_ head: borrowing ResponseHead, on stream: SessionStream) {
        guard !stream.isClosed else { return }
        respond(head, on: stream, length: nil, isFinal: false, hasBody: false)
    }

    /// Submits a response head. `length` is said in content-length where the head does not say it.
    package func respond(
        _ head: borrowing ResponseHead, on stream: SessionStream, length: UInt64?, hasBody: Bool
    ) {
        guard !stream.isClosed, stream.outflow == .none else { return }
        stream.outflow = hasBody ? .open : .ended
        stream.lastMoved = now
        if let index = head.fields.firstIndex(of: .priority) {
            prioritise(stream, by: head.fields, at: index)
        }
        let says = length != nil && !head.fields.contains(.contentLength)
        respond(
            head, on: stream, length: says ? length : nil, isFinal: true, hasBody: hasBody)
    }

    private func respond(
        _ head: borrowing ResponseHead, on stream: SessionStream, length: UInt64?, isFinal: Bool,
        hasBody: Bool
    ) {
        gather(head.fields, isHandshake: head.status == 101)
        let length = length.map { Int64(clamping: $0) } ?? -1
        // RFC 8441 §5: 200 stands for HTTP/1.1's 101.
        let status = head.status == 101 ? 200 : head.status
        // SAFETY: the library copies names and values; `stream` is only a name to it.
        let done = unsafe head.fields.storage.withUnsafeBufferPointer { bytes in
            unsafe lines.withUnsafeBufferPointer { lines in
                unsafe portico_h2_respond(
                    handle, stream.id, pointer(to: stream), UInt32(status),
                    bytes.baseAddress ?? nowhere, lines.baseAddress, lines.count, length, isFinal,
                    hasBody)
            }
        }
        if !done { reset(stream, .internalError) }
    }

    /// Puts body bytes where the session finds them.
    package func put(_ bytes: Span<UInt8>, on stream: SessionStream) {
        if bytes.isEmpty || stream.isClosed || stream.outflow != .open { return }
        stream.output.append(bytes)
        waiting += bytes.count
        resume(stream)
    }

    /// Nothing follows but the trailers.
    package func finish(_ stream: SessionStream, trailers: borrowing Fields = Fields()) {
        if stream.isClosed || stream.outflow != .open { return }
        stream.outflow = .ended
        if !trailers.isEmpty { stream.sentTrailers = copy trailers }
        resume(stream)
    }

    private func resume(_ stream: SessionStream) {
        guard stream.isDeferred else { return }
        stream.isDeferred = false
        unsafe portico_h2_resume(handle, stream.id)
    }

    package func reset(_ stream: SessionStream, _ code: ErrorCode) {
        guard !stream.isClosed else { return }
        stream.outflow = .ended
        dropOutput(of: stream)
        unsafe portico_h2_reset(handle, stream.id, code.rawValue)
    }

    /// Nobody reads what the peer still sends on the stream, nor will anything be put.
    ///
    /// A response that is complete before its request is has its end first, then the stream's
    /// (RFC 9113 §8.1).
    package func drop(_ stream: SessionStream) {
        guard !stream.isClosed else { return }
        stream.isDropped = true
        consume(stream.input.count, of: stream.id)
        stream.input.removeAll()
        stream.input.release()
        if stream.outflow != .ended {
            reset(stream, .internalError)
        } else if stream.hasSentEnd, stream.inflow == .open {
            reset(stream, .none)
        }
    }

    /// Takes back a stream that is closed, to be another one.
    package func giveBack(_ stream: SessionStream) {
        guard stream.isClosed else { return }
        stream.user = nil
        guard spares.count < Self.mostSpares else { return }
        // What a long head or body left behind is not kept.
        if stream.request.fields.storage.capacity <= 4096 { spares.append(stream) }
    }

    /// Makes frames until `output` holds `room` bytes, or nothing can be sent now.
    package func produce(upTo room: Int, at now: Instant) throws(SessionFault) {
        self.now = now
        while output.count < room {
            var bytes: UnsafePointer<UInt8>?
            let count = unsafe portico_h2_send(handle, &bytes)
            if count < 0 { throw .exhausted }
            if count == 0 { break }
            // SAFETY: they live until the next call.
            if let bytes = unsafe bytes {
                unsafe output.append(Span(_unsafeStart: bytes, count: count))
            }
        }
        if isFlooded {
            isFlooded = false
            terminate(.enhanceYourCalm)
            throw .flood
        }
    }

    package var wantsToSend: Bool { unsafe portico_h2_wants_send(handle) }

    /// Frames that wait, DATA not counted: a peer that makes us answer and does not listen.
    package var backlog: Int { unsafe portico_h2_backlog(handle) }

    package var memory: Int { unsafe portico_h2_memory(handle) }

    /// RFC 9218 §8: an origin may know better than the client.
    private func prioritise(_ stream: SessionStream, by fields: borrowing Fields, at index: Int) {
        let own = Priority(fields)
        if own != Priority() { prioritise(stream, own) }
    }

    func submitTrailers(_ fields: borrowing Fields, on stream: SessionStream) -> Bool {
        gather(fields)
        // SAFETY: the library copies names and values.
        return unsafe fields.storage.withUnsafeBufferPointer { bytes in
            unsafe lines.withUnsafeBufferPointer { lines in
                unsafe portico_h2_trailers(
                    handle, stream.id, bytes.baseAddress ?? nowhere, lines.baseAddress, lines.count)
            }
        }
    }

    /// The lines that go out; what is about one connection stays here (RFC 9113 §8.2.2).
    /// A WebSocket's handshake has no key here, and so no answer to one (RFC 8441 §5).
    func gather(_ fields: borrowing Fields, isHandshake: Bool = false) {
        lines.removeAll(keepingCapacity: true)
        for line in fields.lines {
            var isUnique: UInt32 = 0
            switch line.name {
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .host,
                .http2Settings, .secWebSocketKey:
                continue
            case .xRequestID, .cacheStatus, .age: isUnique = 1
            case .other where isHandshake:
                if fields[line.nameRange].equalsFolded("sec-websocket-accept") { continue }
            default: break
            }
            lines.append(
                portico_h2_line(
                    name_start: line.nameRange.lower, name_end: line.nameRange.upper,
                    value_start: line.valueRange.lower, value_end: line.valueRange.upper,
                    is_unique: isUnique))
        }
    }
}
