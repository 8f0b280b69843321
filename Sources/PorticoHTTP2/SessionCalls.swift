internal import CPorticoNgHTTP2
internal import PorticoBytes
internal import PorticoHTTP

/// What the library tells, in the session's terms. All of it happens within the session's own
/// calls of the library.
enum SessionCalls {
    // SAFETY: whoever made the handle is the `owner`, and frees it before it goes; a `stream` stands
    // among the session's streams until `closed`.
    static let all = unsafe portico_h2_calls(
        begins: { owner, type, id, isOpen in
            unsafe session(owner).begins(FrameType(rawValue: type), id, isOpen: isOpen)
        },
        block: { owner, id, stream, block in
            let (session, before) = unsafe (session(owner), optional(stream))
            session.untold = 0
            let after = unsafe session.withSection(block) { bytes, section in
                session.take(bytes, section, of: id, before)
            }
            return unsafe after.map { unsafe Unmanaged.passUnretained($0).toOpaque() }
        },
        data: { owner, id, stream, bytes, count in
            unsafe session(owner).take(
                Span(_unsafeStart: bytes, count: count), of: id, optional(stream))
        },
        padding: { owner in unsafe session(owner).tookPadding() },
        end: { owner, stream in unsafe session(owner).ended(incoming(stream)) },
        closed: { owner, stream, code in unsafe session(owner).closed(incoming(stream), code) },
        sent_end: { owner, stream in unsafe session(owner).sentEnd(incoming(stream)) },
        sent_reset: { owner, id, code in unsafe session(owner).sentReset(id, code) },
        goaway: { owner, last, code in
            unsafe session(owner).tell(.goAway(last: last, code: code))
            unsafe session(owner).noteGoAway()
        },
        settings: { owner in unsafe session(owner).tell(.settings) },
        pong: { owner in unsafe session(owner).tell(.pong) },
        supply: { owner, stream, room in
            unsafe session(owner).supply(incoming(stream), room)
        },
        take: { owner, stream, head, headCount, count in
            unsafe session(owner).take(
                count, from: incoming(stream), behind: Span(_unsafeStart: head, count: headCount))
        })

    private static func session(_ owner: UnsafeMutableRawPointer) -> Session {
        unsafe Unmanaged<Session>.fromOpaque(owner).takeUnretainedValue()
    }

    private static func incoming(_ pointer: UnsafeMutableRawPointer) -> SessionStream {
        unsafe Unmanaged<SessionStream>.fromOpaque(pointer).takeUnretainedValue()
    }

    private static func optional(_ pointer: UnsafeMutableRawPointer?) -> SessionStream? {
        unsafe pointer.map { unsafe incoming($0) }
    }
}

extension Session {
    fileprivate func begins(_ type: FrameType?, _ id: Int32, isOpen: Bool) -> Bool {
        if settings.role == .client { return true }
        violation = isOpen ? nil : judge(type, on: id)
        return violation == nil
    }

    /// A frame for a stream that there is not, or for none (RFC 9113 §5.1, §5.1.1, §6.3).
    private func judge(_ type: FrameType?, on id: Int32) -> ErrorCode? {
        switch type {
        case .headers:
            if id > lastID {
                lastID = id
                if untold != 0 { noteReset(untold) }
                untold = id
                return nil
            }
            return id == 0 || id == untold || hasReset(id) ? nil : .protocolError
        case .priority: return id == 0 ? .protocolError : nil
        case .data, .resetStream, .settings, .pushPromise, .ping, .goAway, .windowUpdate,
            .continuation, .priorityUpdate, nil:
            return nil
        }
    }

    /// DATA that was nothing but padding.
    fileprivate func tookPadding() {
        if settings.role == .server, !meter.wasEmpty(at: now) { noteFlood() }
    }

    // MARK: - Header sections

    /// Whose section it was.
    fileprivate func take(
        _ bytes: Span<UInt8>, _ section: Section, of id: Int32, _ known: SessionStream?
    ) -> SessionStream? {
        if let known {
            takeMore(bytes, section, of: known)
            return known
        }
        guard section.isRequest, settings.role == .server else { return nil }
        let stream = makeStream(id)
        enter(stream)
        takeRequest(bytes, section, of: stream)
        tell(.request(stream))
        return stream
    }

    private func takeRequest(_ bytes: Span<UInt8>, _ section: Section, of stream: SessionStream) {
        stream.headBytes = bytes.count
        stream.isBare = section.endsStream
        if section.endsStream { stream.inflow = .ended }
        do throws(HeadFault) {
            stream.kind = try HeadReader(settings: settings)
                .readRequest(bytes, section, into: &stream.request)
            stream.declared = try length(of: stream.request.fields)
            // RFC 9113 §8.1.1: what has no body has no length but 0.
            if section.endsStream, let declared = stream.declared, declared > 0 {
                throw .badContentLength
            }
        } catch {
            stream.refusal = error
        }
        if stream.request.fields.contains(.priority) {
            let priority = Priority(stream.request.fields)
            if priority != Priority() { prioritise(stream, priority) }
        }
    }

    /// Of both of them that HTTP/1.1 refuses: two lengths, and one that is no number.
    private func length(of fields: borrowing Fields) throws(HeadFault) -> UInt64? {
        guard let index = fields.firstIndex(of: .contentLength) else { return nil }
        guard fields.firstIndex(of: .contentLength, from: index + 1) == nil,
            let count = fields.value(at: index).decimal
        else { throw .badContentLength }
        return count
    }

    /// A response's head, or trailers.
    private func takeMore(_ bytes: Span<UInt8>, _ section: Section, of stream: SessionStream) {
        guard stream.inflow == .open else { return }
        if settings.role == .client, stream.isExpectingHead {
            return takeResponse(bytes, section, of: stream)
        }
        do throws(HeadFault) {
            try HeadReader(settings: settings).readTrailers(bytes, section, into: &stream.trailers)
        } catch {
            stream.trailers = Fields()
            return breakOff(stream)
        }
        // RFC 9113 §8.1: trailers end the message.
        if section.endsStream { ended(stream) } else { breakOff(stream) }
    }

    private func takeResponse(
        _ bytes: Span<UInt8>, _ section: Section, of stream: SessionStream
    ) {
        var head = ResponseHead()
        do throws(HeadFault) {
            try HeadReader(settings: settings).readResponse(bytes, section, into: &head)
            if head.isInterim {
                // More of them than this before an answer: there will be none.
                if section.endsStream || stream.responses.count >= 64 { throw .badStatus }
            } else {
                stream.isExpectingHead = false
                stream.declared = try length(of: head.fields)
            }
        } catch {
            return breakOff(stream)
        }
        if !head.statusAllowsBody || stream.request.method == .head { stream.declared = nil }
        stream.responses.append(head)
        if section.endsStream { ended(stream) } else { tell(.news(stream)) }
    }

    // MARK: - Bodies

    fileprivate func take(_ bytes: Span<UInt8>, of id: Int32, _ stream: SessionStream?) {
        guard let stream, !stream.isDropped, stream.inflow == .open, stream.refusal == nil else {
            return consume(bytes.count, of: id)
        }
        if bytes.isEmpty { return }
        stream.received &+= UInt64(bytes.count)
        if let declared = stream.declared, stream.received > declared {
            consume(bytes.count, of: id)
            return breakOff(stream)
        }
        let wasEmpty = stream.input.isEmpty
        stream.input.append(bytes)
        if wasEmpty { tell(.news(stream)) }
    }

    fileprivate func ended(_ stream: SessionStream) {
        guard stream.inflow == .open else { return }
        if let declared = stream.declared, stream.received != declared { return breakOff(stream) }
        stream.inflow = .ended
        tell(.news(stream))
    }

    /// The peer's message is malformed (RFC 9113 §8.1.1).
    private func breakOff(_ stream: SessionStream) {
        stream.inflow = .broken(code: ErrorCode.protocolError.rawValue)
        consume(stream.input.count, of: stream.id)
        stream.input.removeAll()
        reset(stream, .protocolError)
        tell(.news(stream))
    }

    fileprivate func closed(_ stream: SessionStream, _ code: UInt32) {
        leave(stream)
        if stream.inflow == .open { stream.inflow = .broken(code: code) }
        stream.closeCode = code
        // What nobody has read has still been taken from the connection's window.
        dropOutput(of: stream)
        tell(.closed(stream))
    }

    // MARK: - Sending

    fileprivate func supply(_ stream: SessionStream, _ room: Int) -> portico_h2_supply {
        var supply = portico_h2_supply()
        supply.count = min(room, stream.output.count)
        if stream.outflow == .ended && supply.count == stream.output.count {
            supply.is_last = true
            if let trailers = stream.sentTrailers.take() {
                supply.has_trailers = submitTrailers(trailers, on: stream)
            }
        } else if supply.count == 0 {
            stream.isDeferred = true
        }
        return supply
    }

    fileprivate func take(
        _ count: Int, from stream: SessionStream, behind head: Span<UInt8>
    ) {
        output.append(head)
        guard count > 0 else { return }
        stream.output.withBytes(in: ByteRange(0, count)) { output.append($0) }
        stream.output.consume(count)
        waiting -= count
        stream.lastMoved = now
        stream.sentBytes &+= UInt64(count)
        meter.sentData(count)
        if stream.output.isEmpty {
            stream.letGoOfOutput()
            if stream.wantsRoom {
                stream.wantsRoom = false
                tell(.room(stream))
            }
        }
    }

    fileprivate func sentEnd(_ stream: SessionStream) {
        stream.hasSentEnd = true
        if stream.isDropped, stream.inflow == .open { reset(stream, .none) }
    }

    fileprivate func sentReset(_ id: Int32, _ code: UInt32) {
        // Also of streams that never began here: the library refuses those above the limit.
        noteReset(id)
        // Those that the peer did not bring about: the end of an answer given early, a refusal for
        // want of room; made-you-reset is all the others.
        guard settings.role == .server, code != ErrorCode.none.rawValue else { return }
        if !meter.sentReset(at: now) { noteFlood() }
    }
}
