internal import CPorticoOpenSSL
package import PorticoBytes

/// One connection's TLS (RFC 8446, RFC 5246), as server or as client: ciphertext in, plaintext out.
///
/// It does no I/O. It reads from the caller's ciphertext in whole records and appends to the caller's
/// buffers, so that between two calls neither holds a record for the other: what is incomplete stays
/// in `ciphertext`, whose owner must give it room for `largestRecord`, and an idle engine holds keys
/// and little else.
///
///     handshaking ──▶ open ──▶ closed by peer
///          └───────────┴──▶ failed
@safe package struct TLSEngine: ~Copyable {
    /// Head and body of the largest record that a peer may send (RFC 5246 §6.2.3).
    package static let largestRecord = 5 + 16384 + 2048
    /// RFC 8446 §5.1.
    package static let largestPlaintext = 16384
    /// What a record adds to its plaintext, at most: head, nonce, padding, type, tag.
    package static let recordOverhead = 128

    package enum Received: Equatable, Sendable {
        /// All whole records have been read; go on when more has come.
        case needsMore
        /// As much plaintext as was allowed has been read, and there may be more: call again when
        /// there is room, without waiting for the peer.
        case full
        /// The peer has said close_notify; nothing more will come.
        case closed
    }

    private enum Role {
        case server(ServerContext, choice: Int, isFallback: Bool)
        case client(ClientContext)
    }

    private enum Phase: Equatable {
        case awaitingFirstByte, handshaking, open, closedByPeer
        case failed(TLSFault)
    }

    private let handle: OpaquePointer
    /// Keeps what the handle needs.
    private var role: Role
    private var phase = Phase.awaitingFirstByte

    package init(server context: ServerContext) {
        guard let made = unsafe portico_tls_accept(context.handle(ServerContext.fallback)) else {
            fatalError("out of memory")
        }
        unsafe handle = made
        role = .server(context, choice: ServerContext.fallback, isFallback: true)
    }

    /// `name` is the host name that is asked for and must be in the certificate, or an address that
    /// must be. `session` is what an earlier connection to the same origin gave as `session`.
    package init(
        client context: ClientContext, name: String, resuming session: [UInt8] = []
    ) throws(TLSFault) {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidName
        }
        // SAFETY: the shim copies what it needs before it returns.
        let made = unsafe session.withUnsafeBufferPointer { session in
            unsafe portico_tls_connect(context.handle, name, session.baseAddress, session.count)
        }
        guard let made = unsafe made else { throw .invalidName }
        unsafe handle = made
        role = .client(context)
    }

    deinit { unsafe portico_tls_free(handle) }

    /// A client's first flight. A server has nothing to say yet.
    package mutating func startHandshake(sending out: inout Buffer) {
        guard case .client = role, phase == .awaitingFirstByte else { return }
        let step = unsafe step(nothing.span, &out) {
            unsafe portico_tls_handshake($0, $1)
        }
        if let fault = fault(of: step) { phase = .failed(fault) }
    }

    /// Reads whole records from `ciphertext` and consumes them; appends at most `limit` bytes to
    /// `plaintext`, and to `out` whatever must be sent: flights of the handshake, tickets, alerts.
    ///
    /// Also when it throws there may be an alert in `out`.
    package mutating func receive(
        _ ciphertext: inout Buffer, into plaintext: inout Buffer, sending out: inout Buffer,
        upTo limit: Int
    ) throws(TLSFault) -> Received {
        do throws(TLSFault) {
            let received = try receiveRecords(&ciphertext, &plaintext, &out, limit)
            unsafe portico_tls_rest(handle)
            return received
        } catch {
            phase = .failed(error)
            throw error
        }
    }

    /// Encrypts from the front of `plaintext` as long as `out` holds no more than `room` bytes, and
    /// answers how many bytes it took: 0 before the handshake is finished, or when there is no room.
    /// Each record holds at most `recordSize` of them.
    package mutating func send(
        _ plaintext: Span<UInt8>, sending out: inout Buffer, upTo room: Int,
        recordSize: Int = Self.largestPlaintext
    ) throws(TLSFault) -> Int {
        if case .failed(let fault) = phase { throw fault }
        guard isHandshakeFinished else { return 0 }
        var taken = 0
        while taken < plaintext.count {
            let size = min(
                plaintext.count - taken, recordSize, room - out.count - Self.recordOverhead)
            if size <= 0 { break }
            out.reserve(size + Self.recordOverhead)
            let piece = plaintext.extracting(taken..<(taken + size))
            let step = unsafe step(nothing.span, &out) { handle, wire in
                // SAFETY: the shim reads the piece, which is not empty, before it returns.
                unsafe piece.withUnsafeBufferPointer { piece in
                    unsafe portico_tls_write(handle, wire, piece.baseAddress!, piece.count)
                }
            }
            taken += step.moved
            if let fault = fault(of: step) {
                phase = .failed(fault)
                throw fault
            }
            if step.moved == 0 { break }
        }
        return taken
    }

    /// Says close_notify: nothing more will be sent. Once, and not before the handshake is finished.
    package mutating func close(sending out: inout Buffer) {
        guard isHandshakeFinished else { return }
        _ = unsafe step(nothing.span, &out) { handle, wire in
            unsafe portico_tls_close(handle, wire)
            return portico_step()
        }
    }

    package var isHandshakeFinished: Bool { phase == .open || phase == .closedByPeer }

    /// Whether the peer has said close_notify. A connection that ends without it may have been cut
    /// by somebody else (RFC 8446 §6.1).
    package var isClosedByPeer: Bool { phase == .closedByPeer }

    // MARK: - Receiving

    private mutating func receiveRecords(
        _ ciphertext: inout Buffer, _ plaintext: inout Buffer, _ out: inout Buffer, _ limit: Int
    ) throws(TLSFault) -> Received {
        var room = limit
        while true {
            let pending = unsafe portico_tls_pending(handle)
            // One record at a time: OpenSSL never holds more than what it has decrypted of it.
            let record = pending > 0 ? 0 : Self.firstRecord(in: ciphertext.bytes)
            switch phase {
            case .failed(let fault): throw fault
            case .closedByPeer: return .closed
            case .awaitingFirstByte:
                if ciphertext.isEmpty { return .needsMore }
                if Self.isText(ciphertext.bytes) { throw .plainHTTP }
                phase = .handshaking
            case .handshaking:
                if record == 0 { return .needsMore }
                try shakeHands(&ciphertext, record, &out)
            case .open:
                if pending == 0 && record == 0 { return .needsMore }
                if room <= 0 { return .full }
                room -= try decrypt(
                    &ciphertext, record, &plaintext, min(room, max(pending, record)), &out)
            }
        }
    }

    private mutating func shakeHands(
        _ ciphertext: inout Buffer, _ record: Int, _ out: inout Buffer
    ) throws(TLSFault) {
        var given = record
        while true {
            let step = unsafe step(ciphertext.bytes.extracting(first: given), &out) {
                unsafe portico_tls_handshake($0, $1)
            }
            ciphertext.consume(step.used)
            given = 0
            if step.status == PORTICO_WANTS_CHOICE {
                choose()
                continue
            }
            if let fault = fault(of: step) { throw fault }
            // A peer that says goodbye before it has said who it is: close_notify is alert 0.
            if step.status == PORTICO_CLOSED { throw .alerted(0) }
            if step.status == PORTICO_DONE { phase = .open }
            return
        }
    }

    private mutating func choose() {
        guard case .server(let context, _, _) = role else { return }
        let (choice, isFallback) = context.choose(name)
        role = .server(context, choice: choice, isFallback: isFallback)
        let chosen = unsafe portico_tls_choose(handle, context.handle(choice))
        precondition(chosen, "out of memory")
    }

    private mutating func decrypt(
        _ ciphertext: inout Buffer, _ record: Int, _ plaintext: inout Buffer, _ room: Int,
        _ out: inout Buffer
    ) throws(TLSFault) -> Int {
        var step = portico_step()
        // SAFETY: the shim writes at most `room` bytes, and says how many.
        _ = unsafe plaintext.append(upTo: room) { free in
            unsafe step = self.step(ciphertext.bytes.extracting(first: record), &out) {
                unsafe portico_tls_read(
                    $0, $1, free.baseAddress!.assumingMemoryBound(to: UInt8.self), room)
            }
            return step.moved
        }
        ciphertext.consume(step.used)
        if let fault = fault(of: step) { throw fault }
        if step.status == PORTICO_CLOSED { phase = .closedByPeer }
        return step.moved
    }

    /// How many bytes at the front are one whole record; 0 if it is incomplete. What is no record at
    /// all counts as whole, so that OpenSSL refuses it at once.
    private static func firstRecord(in bytes: Span<UInt8>) -> Int {
        if bytes.isEmpty { return 0 }
        let isRecord = (20...23).contains(bytes[0]) && (bytes.count < 2 || bytes[1] == 3)
        if !isRecord { return bytes.count }
        if bytes.count < 5 { return 0 }
        let size = 5 + (Int(bytes[3]) << 8 | Int(bytes[4]))
        if size > largestRecord { return bytes.count }
        return size <= bytes.count ? size : 0
    }

    /// Whether the bytes could be a request or a status line. No record begins with a letter.
    private static func isText(_ bytes: Span<UInt8>) -> Bool {
        for index in 0..<min(bytes.count, 4) where bytes[index] &- 0x41 >= 26 {
            return index > 0 && bytes[index] == 0x20
        }
        return true
    }

    // MARK: - Steps

    /// One call of OpenSSL with `input` to read from and `out` to write to.
    private func step(
        _ input: Span<UInt8>, _ out: inout Buffer,
        _ verb: (OpaquePointer, portico_wire) -> portico_step
    ) -> portico_step {
        // SAFETY: the shim forgets the wire before it returns, and calls the sink only until then.
        unsafe input.withUnsafeBufferPointer { input in
            unsafe withUnsafeMutablePointer(to: &out) { out in
                unsafe verb(
                    handle,
                    portico_wire(
                        input: input.baseAddress, input_count: input.count, sink: appendToBuffer,
                        owner: out))
            }
        }
    }

    private func fault(of step: portico_step) -> TLSFault? {
        let code = step.code
        return switch step.status {
        case PORTICO_ALERTED: .alerted(UInt8(truncatingIfNeeded: code))
        case PORTICO_UNVERIFIED: .unverified(code: code)
        case PORTICO_REFUSED: .refused(code: code)
        case PORTICO_BROKEN: .broken(code: code)
        default: nil
        }
    }

    // MARK: - What was agreed

    /// The host name that the client asked for, in printable ASCII; nil if it asked for none.
    package var name: String? {
        // SAFETY: the text lives as long as the handle, and is copied here.
        guard let text = unsafe portico_tls_name(handle) else { return nil }
        return unsafe String(cString: text)
    }

    /// What the handshake led to; nil before it is finished.
    package var negotiated: Negotiated? {
        guard isHandshakeFinished else { return nil }
        var alpn: UnsafePointer<UInt8>?
        let count = unsafe portico_tls_alpn(handle, &alpn)
        // SAFETY: the cipher's name is a constant; the protocol's lives as long as the handle.
        return unsafe Negotiated(
            version: portico_tls_version(handle) == 0x0304 ? .tls13 : .tls12,
            cipher: String(cString: portico_tls_cipher(handle)),
            applicationProtocol: ApplicationProtocol(
                alpn: Span(_unsafeElements: UnsafeBufferPointer(start: alpn, count: count))),
            name: name, isResumed: portico_tls_resumed(handle), isFallback: isFallback)
    }

    /// Whether the certificate with which this server answered speaks for `host` (without a port).
    /// After a resumption, which tells no certificate, any that its name could have got.
    package func covers(host: Span<UInt8>) -> Bool {
        guard case .server(let context, let choice, _) = role, isHandshakeFinished else {
            return false
        }
        let resumed = unsafe portico_tls_resumed(handle)
        return unsafe context.covers(
            host, choice: choice, identity: resumed ? nil : certificateIdentity)
    }

    /// `Certificate.identity` of the one with which this server answered.
    var certificateIdentity: UnsafeRawPointer? { unsafe portico_tls_identity(handle) }

    /// What a client's later connection to the same origin can be resumed with: its ticket and keys,
    /// so to be kept as a secret. Nil until the server has sent a ticket.
    package var session: [UInt8]? {
        guard case .client = role, isHandshakeFinished else { return nil }
        var bytes = Buffer()
        let given = unsafe withUnsafeMutablePointer(to: &bytes) { bytes in
            unsafe portico_tls_session(handle, bytes, appendToBuffer)
        }
        return given ? bytes.bytes.array : nil
    }

    private var isFallback: Bool {
        if case .server(_, _, let isFallback) = role { isFallback } else { false }
    }
}

/// What a handshake led to.
package struct Negotiated: Equatable, Sendable {
    package let version: TLSVersion
    /// In OpenSSL's name: `TLS_AES_128_GCM_SHA256`.
    package let cipher: String
    package let applicationProtocol: ApplicationProtocol
    /// The host name that the client asked for.
    package let name: String?
    package let isResumed: Bool
    /// A server's first certificate, for want of one with the client's name.
    package let isFallback: Bool
}

private let nothing: [UInt8] = []

/// The sink of every step: `owner` is the Buffer to which the bytes are appended.
func appendToBuffer(
    _ owner: UnsafeMutableRawPointer, _ bytes: UnsafePointer<UInt8>, _ count: Int
) {
    // SAFETY: whoever hands this function to the shim hands a Buffer with it, and keeps it.
    unsafe owner.assumingMemoryBound(to: Buffer.self).pointee
        .append(Span(_unsafeStart: bytes, count: count))
}
