internal import CPorticoNgHTTP2
package import PorticoBytes
package import PorticoHTTP

/// One HTTP/2 connection (RFC 9113), as server or as client: bytes in, events out, bytes out.
///
/// No I/O and no clock. `receive` reads all that it is given; what it meant stands in `takeEvents`.
/// What is to be sent is made by `produce`, a bounded piece at a time, by urgency (RFC 9218), and
/// stands in `output`.
@safe package final class Session {
    let settings: SessionSettings
    private(set) var handle: OpaquePointer
    var meter: AbuseMeter
    var now: Instant
    private var events: [SessionEvent] = []
    private(set) var streams: [SessionStream] = []
    /// Closed, and nobody's.
    var spares: [SessionStream] = []
    static let mostSpares = 64
    /// Stands where no stream stands: closed, and never given back.
    package private(set) lazy var nobody = SessionStream(id: 0, at: now)
    /// Written by `produce`, consumed by whoever sends.
    package var output = Buffer()
    /// Bytes that all streams have to send.
    package internal(set) var waiting = 0
    private var isTold = false
    var lines: [portico_h2_line] = []
    private var section = Section()
    var isFlooded = false
    /// A server: what its client sends, frame by frame.
    private var walker = FrameWalker()
    var violation: ErrorCode?
    /// The highest stream that the peer has begun.
    var lastID: Int32 = 0
    /// A stream that the peer has begun, and of which the library has not told: if it never does, it
    /// has refused it, and the reset is on its way.
    var untold: Int32 = 0
    /// Streams that we have reset before the peer had finished them: frames for them may be on
    /// their way still (RFC 9113 §5.1). Of others that are closed, none may come.
    private var recentlyReset: [Int32] = []
    private static let mostRecent = 256
    /// When a header section began of which the end has not come yet.
    package private(set) var sectionBegan: Instant?
    /// GOAWAY has been sent or received; no new streams of ours.
    package private(set) var isGoing = false

    package init?(_ settings: SessionSettings, at now: Instant) {
        self.settings = settings
        self.now = now
        meter = AbuseMeter(headBytes: settings.mostHeadBytes, at: now)
        let options = portico_h2_options(
            is_server: settings.role == .server, max_streams: UInt32(clamping: settings.streams),
            stream_window: Int32(clamping: settings.streamWindow),
            connection_window: Int32(clamping: settings.connectionWindow),
            max_block_bytes: settings.mostHeadBytes, max_block_lines: settings.headLines + 8,
            max_memory: settings.memory)
        // SAFETY: a pointer to nowhere is never used: it is replaced, or the object is not made.
        unsafe handle = OpaquePointer(bitPattern: 8)!
        guard let made = unsafe Self.make(options, for: self) else {
            isTold = true
            return nil
        }
        unsafe handle = made
    }

    private static func make(
        _ options: portico_h2_options, for session: Session
    ) -> OpaquePointer? {
        var (options, calls) = (options, SessionCalls.all)
        // SAFETY: the shim copies both; the session frees the handle before it goes.
        return unsafe portico_h2_make(
            &options, &calls, Unmanaged.passUnretained(session).toOpaque())
    }

    deinit {
        if unsafe handle != OpaquePointer(bitPattern: 8) { unsafe portico_h2_free(handle) }
    }

    // MARK: - Receiving

    /// Reads what the peer has sent.
    package func receive(_ bytes: Span<UInt8>, at now: Instant) throws(SessionFault) {
        self.now = now
        // An origin that wastes our time is left for other reasons.
        if settings.role == .client { return try feed(bytes) }
        var fed = 0
        var index = 0
        while let head = walker.next(in: bytes, from: &index) {
            if head.type == .headers { sectionBegan = now }
            var fault: ErrorCode? =
                meter.begins(head.type, head.flags, head.length, at: now) ? nil : .enhanceYourCalm
            if head.type == .data || fault != nil {
                // What stands before it comes first, and the library acts on no head that is not
                // complete.
                try feed(bytes.extracting(fed..<index - 1))
                fed = index - 1
                if fault == nil { fault = judgeData(head) }
            }
            if let fault {
                terminate(fault)
                throw .violation
            }
        }
        if !walker.hasOpenSection { sectionBegan = nil }
        try feed(bytes.extracting(fed...))
    }

    /// DATA for a stream that is over, of which the library does not tell.
    private func judgeData(_ head: FrameWalker.Head) -> ErrorCode? {
        let id = head.stream
        // Out of place, or for a stream that nobody has begun: the library says so.
        if walker.isWithinSection || id == 0 || id > lastID { return nil }
        if unsafe portico_h2_knows(handle, id) { return nil }
        guard id == untold || hasReset(id) else { return .streamClosed }
        return meter.wasWasted(at: now) ? nil : .enhanceYourCalm
    }

    private func feed(_ bytes: Span<UInt8>) throws(SessionFault) {
        // SAFETY: the shim keeps none of the bytes.
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe portico_h2_receive(handle, $0.baseAddress, $0.count)
        }
        if isFlooded || result == PORTICO_H2_FLOODED {
            isFlooded = false
            terminate(.enhanceYourCalm)
            throw .flood
        }
        switch result {
        case PORTICO_H2_DONE: return
        case PORTICO_H2_REFUSED:
            terminate(violation ?? .protocolError)
            throw .violation
        case PORTICO_H2_NOT_HTTP2:
            terminate(.protocolError)
            throw .notHTTP2
        default: throw .exhausted
        }
    }

    /// What has happened since the last call.
    package func takeEvents() -> [SessionEvent] {
        if events.isEmpty { return [] }
        var taken: [SessionEvent] = []
        swap(&taken, &events)
        return taken
    }

    /// Gives back the storage of events that have been looked at.
    package func giveBack(_ spent: consuming [SessionEvent]) {
        guard events.capacity == 0 else { return }
        spent.removeAll(keepingCapacity: true)
        events = spent
    }

    func tell(_ event: SessionEvent) { events.append(event) }

    /// Takes a part of the body that has come; the peer may send as much again.
    package func read(
        _ stream: SessionStream, upTo most: Int, _ body: (Span<UInt8>) -> Void
    ) -> Int {
        let count = min(most, stream.input.count)
        if count == 0 { return 0 }
        stream.input.withBytes(in: ByteRange(0, count), body)
        stream.input.consume(count)
        if stream.input.isEmpty { stream.input.release() }
        consume(count, of: stream.id)
        return count
    }

    func consume(_ count: Int, of id: Int32) { unsafe portico_h2_consume(handle, id, count) }

    // MARK: - A client's requests

    /// Submits a request; nil when the connection takes no more.
    package func request(
        _ head: borrowing RequestHead, isHTTPS: Bool, kind: RequestKind, length: UInt64?,
        hasBody: Bool
    ) -> SessionStream? {
        let stream = SessionStream(id: 0, at: now)
        stream.outflow = hasBody ? .open : .ended
        stream.kind = kind
        gather(head.fields)
        let path = head.pathAndQuery
        var target = portico_h2_target(
            method_start: head.methodRange.lower, method_end: head.methodRange.upper,
            scheme_is_https: isHTTPS ? 1 : 0, authority_start: head.authority.lower,
            authority_end: head.authority.upper, path_start: path.lower, path_end: path.upper,
            is_websocket: kind == .webSocket ? 1 : 0)
        let length = length.map { Int64(clamping: $0) } ?? -1
        // SAFETY: as in `respond`.
        let id = unsafe head.fields.storage.withUnsafeBufferPointer { bytes in
            unsafe lines.withUnsafeBufferPointer { lines in
                unsafe portico_h2_request(
                    handle, pointer(to: stream), &target, bytes.baseAddress ?? nowhere,
                    lines.baseAddress, lines.count, length, hasBody)
            }
        }
        guard id > 0 else { return nil }
        stream.id = id
        stream.request.method = head.method
        enter(stream)
        return stream
    }

    /// How many streams the peer lets us have at a time.
    package var peerStreams: Int {
        Int(clamping: unsafe portico_h2_peer_max_streams(handle))
    }

    package var peerTakesWebSockets: Bool {
        unsafe portico_h2_peer_allows_connect_protocol(handle)
    }

    // MARK: - The end

    package var openStreams: Int { streams.count }

    package func forEachStream(_ body: (SessionStream) -> Void) {
        for stream in streams { body(stream) }
    }

    /// No new streams, please; those that come meanwhile are served (RFC 9113 §6.8). A PING follows;
    /// its answer is the event `pong`.
    package func announceEnd() {
        isGoing = true
        unsafe portico_h2_announce_end(handle)
    }

    /// Streams that the peer begins from now on are not looked at.
    package func goAway(_ code: ErrorCode = .none) {
        isGoing = true
        unsafe portico_h2_go_away(handle, code.rawValue)
    }

    package func terminate(_ code: ErrorCode) {
        isGoing = true
        unsafe portico_h2_terminate(handle, code.rawValue)
    }

    /// Nothing more to send, and nothing to wait for.
    package var isOver: Bool { unsafe portico_h2_is_over(handle) }

    /// The connection has ended below us.
    package func connectionEnded() {
        for stream in streams {
            stream.slot = -1
            if stream.inflow == .open { stream.inflow = .broken(code: nil) }
            dropOutput(of: stream)
            stream.closeCode = ErrorCode.cancel.rawValue
            tell(.closed(stream))
        }
        streams = []
    }

    /// Between two bursts: gives back what only they need.
    package func rest() {
        unsafe portico_h2_rest(handle)
        lines = []
        section = Section()
        events = []
        spares = []
    }

    // MARK: - What the callbacks do

    func makeStream(_ id: Int32) -> SessionStream {
        if var spare = spares.popLast(), isKnownUniquelyReferenced(&spare) {
            spare.renew(id: id, at: now)
            return spare
        }
        return SessionStream(id: id, at: now)
    }

    func enter(_ stream: SessionStream) {
        stream.slot = streams.count
        streams.append(stream)
    }

    func leave(_ stream: SessionStream) {
        let slot = stream.slot
        guard slot >= 0 else { return }
        stream.slot = -1
        let last = streams.removeLast()
        if last !== stream {
            streams[slot] = last
            last.slot = slot
        }
    }

    func dropOutput(of stream: SessionStream) {
        waiting -= stream.output.count
        stream.output.removeAll()
        stream.letGoOfOutput()
    }

    func noteReset(_ id: Int32) {
        if recentlyReset.last == id { return }
        if recentlyReset.count == Self.mostRecent { recentlyReset.removeFirst() }
        recentlyReset.append(id)
    }

    func hasReset(_ id: Int32) -> Bool { recentlyReset.contains(id) }

    func noteFlood() { isFlooded = true }

    func noteGoAway() { isGoing = true }

    func prioritise(_ stream: SessionStream, _ priority: Priority) {
        unsafe portico_h2_prioritise(handle, stream.id, priority.urgency, priority.isIncremental)
    }

    /// Lends the bytes of a section, and where its lines stand in them.
    func withSection<R>(
        _ block: UnsafePointer<portico_h2_block>, _ body: (Span<UInt8>, Section) -> R
    ) -> R {
        let block = unsafe block.pointee
        var held = Section()
        swap(&held, &section)
        held.lines.removeAll(keepingCapacity: true)
        held.isCut = unsafe block.is_cut
        held.endsStream = unsafe block.ends_stream
        held.isRequest = unsafe block.is_request
        for index in unsafe 0..<block.line_count {
            guard let line = unsafe block.lines?[index] else { break }
            held.lines.append(
                SectionLine(
                    name: ByteRange(Int(line.name_start), Int(line.name_end)),
                    value: ByteRange(Int(line.value_start), Int(line.value_end))))
        }
        // SAFETY: the block's bytes live until the callback ends.
        let bytes = unsafe Span<UInt8>(
            _unsafeElements: UnsafeBufferPointer(start: block.bytes, count: block.byte_count))
        let result = body(bytes, held)
        section = held
        return result
    }

    func pointer(to stream: SessionStream) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passUnretained(stream).toOpaque()
    }

    /// For an empty head: no line points there.
    var nowhere: UnsafePointer<UInt8> {
        unsafe UnsafePointer(bitPattern: 8)!
    }
}
