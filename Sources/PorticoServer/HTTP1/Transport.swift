package import PorticoBytes
package import PorticoLoop
package import PorticoTLS

/// Why a connection's bytes do not come or go.
package enum TransportFault: Error, Equatable, Sendable {
    case io(IOFault)
    case tls(TLSFault)
    /// The connection ended without TLS's own end: perhaps somebody cut it (RFC 8446 §6.1).
    case cut
}

/// A connection's bytes, plain or through TLS.
///
/// Between two requests it holds nothing but the stream and the engine: buffers come with the
/// first byte and go with the last.
package final class Transport {
    /// How much ciphertext is held for a slow peer before more plaintext is encrypted.
    private static let mostCiphertext = 64 << 10
    private static let readSize = 16 << 10
    /// A record can be read when all of it has come. So the first ones of something long fit into a
    /// packet each, until the network's window has grown; then they are as large as they can be.
    private static let firstRecords = (size: 1350, bytes: 16 << 10)
    /// After such a pause the window has shrunk again (RFC 2861).
    private static let pause = Duration.seconds(1)

    package let stream: Stream
    /// Nil: plain, and nothing was read too early. So it is with most connections that are idle.
    private var layer: Layer?

    /// What stands between the stream's bytes and the connection's.
    private final class Layer {
        /// Nil: only `received` stands there.
        var engine: TLSEngine?
        var received: Buffer
        var sending = Buffer()
        /// Plaintext sent since the last pause, as far as it matters; and when the last of it was.
        var sentLately = 0
        var lastSent = Instant(nanoseconds: 0)
        /// The engine may have more plaintext without more ciphertext.
        var mayHaveMore = false
        /// What the handshake led to, once it was asked for.
        lazy var negotiated = engine?.negotiated

        init(_ engine: consuming TLSEngine?, received: consuming Buffer) {
            self.engine = engine
            self.received = received
        }

        var isTLS: Bool { engine != nil }
        var isHandshakeFinished: Bool { engine?.isHandshakeFinished ?? true }
    }

    package init(plain stream: Stream) { self.stream = stream }

    /// `early`: bytes that were read from the stream before TLS began.
    package init(
        _ stream: Stream, through engine: consuming TLSEngine, early: consuming Buffer = Buffer()
    ) {
        self.stream = stream
        layer = Layer(engine, received: early)
    }

    package var isTLS: Bool { layer?.isTLS ?? false }

    /// What the handshake led to; nil without TLS.
    package var negotiated: Negotiated? {
        guard let layer, layer.isTLS, layer.isHandshakeFinished else { return nil }
        return layer.negotiated
    }

    package func covers(host: Span<UInt8>) -> Bool { layer?.engine?.covers(host: host) ?? true }

    // MARK: - Handshake

    /// Shakes hands; a transport without TLS has nothing to do.
    package func handshake(
        by deadline: Instant, in scope: Scope? = nil
    ) async throws(TransportFault) {
        guard let layer, layer.isTLS else { return }
        layer.engine?.startHandshake(sending: &layer.sending)
        var early = Buffer()
        while true {
            _ = try flushNow(layer)
            if layer.sending.isEmpty && layer.isHandshakeFinished { break }
            if layer.isHandshakeFinished {
                try await writable(by: deadline, in: scope)
                continue
            }
            // No plaintext is asked for: what follows the handshake stays where it is.
            if try await !step(layer, into: &early, upTo: 0, by: deadline, in: scope) {
                throw .cut
            }
        }
        layer.mayHaveMore = !layer.received.isEmpty
    }

    /// One more look at what came; whether the peer is still there.
    private func step(
        _ layer: Layer, into plaintext: inout Buffer, upTo count: Int, by deadline: Instant,
        in scope: Scope?
    ) async throws(TransportFault) -> Bool {
        let before = layer.received.count
        let read = try readCiphertext(layer)
        if read == 0 { return false }
        if read != nil || before > 0 { _ = try decrypt(layer, into: &plaintext, upTo: count) }
        if layer.isHandshakeFinished { return true }
        if read == nil {
            _ = try flushNow(layer)
            try await readable(by: deadline, in: scope)
        }
        return true
    }

    // MARK: - Reading

    /// Appends what is there, at most `count` bytes. 0: the peer has finished; nil: would block.
    package func readNow(
        into buffer: inout Buffer, upTo count: Int
    ) throws(TransportFault) -> Int? {
        guard let layer else {
            do { return try stream.readNow(into: &buffer, upTo: count) } catch { throw .io(error) }
        }
        if !layer.isTLS { return takeUnread(layer, into: &buffer, upTo: count) }
        let before = buffer.count
        while true {
            if layer.mayHaveMore || !layer.received.isEmpty {
                let result = try decrypt(layer, into: &buffer, upTo: count)
                if buffer.count > before { return buffer.count - before }
                if result == .closed { return 0 }
            }
            guard let read = try readCiphertext(layer) else {
                if layer.received.isEmpty { stream.reactor.shelf.reclaim(&layer.received) }
                return nil
            }
            if read == 0 { throw .cut }
        }
    }

    private func takeUnread(_ layer: Layer, into buffer: inout Buffer, upTo count: Int) -> Int {
        let taken = min(count, layer.received.count)
        layer.received.withBytes { buffer.append($0.extracting(first: taken)) }
        layer.received.consume(taken)
        if layer.received.isEmpty { self.layer = nil }
        return taken
    }

    private func readCiphertext(_ layer: Layer) throws(TransportFault) -> Int? {
        stream.reactor.shelf.supply(&layer.received)
        do {
            return try stream.readNow(into: &layer.received, upTo: Self.readSize)
        } catch { throw .io(error) }
    }

    private func decrypt(
        _ layer: Layer, into plaintext: inout Buffer, upTo count: Int
    ) throws(TransportFault) -> TLSEngine.Received {
        var result = TLSEngine.Received.needsMore
        do throws(TLSFault) {
            result =
                try layer.engine?.receive(
                    &layer.received, into: &plaintext, sending: &layer.sending, upTo: count)
                ?? .closed
        } catch {
            // The alert says why; nobody waits for its arrival.
            _ = try? flushNow(layer)
            throw .tls(error)
        }
        layer.mayHaveMore = result == .full
        if !layer.sending.isEmpty { _ = try flushNow(layer) }
        return result
    }

    package func readable(by deadline: Instant, in scope: Scope? = nil) async throws(TransportFault)
    {
        if let layer, layer.mayHaveMore || !layer.isTLS { return }
        do throws(IOFault) {
            // A peer that waits for our flight will not send its own. Behind the handshake what is
            // to be sent is the writing task's, which may be waiting for the same room.
            if let layer, !layer.sending.isEmpty, !layer.isHandshakeFinished {
                try await stream.writable(by: deadline, in: scope)
            }
            try await stream.readable(by: deadline, in: scope)
        } catch { throw .io(error) }
    }

    /// Whether nothing has come that was not read, not even a part of a record.
    package var isQuiet: Bool {
        stream.isQuiet && (layer.map { !$0.mayHaveMore && $0.received.isEmpty } ?? true)
    }

    /// Whether a read would have to wait. A part of a record may be held until its rest comes.
    package var wouldWait: Bool {
        stream.isQuiet && (layer.map { !$0.mayHaveMore && $0.isTLS } ?? true)
    }

    package func sleep(_ sleeper: any Sleeper, until deadline: Instant) {
        stream.sleep(sleeper, until: deadline)
    }

    /// Takes the sleeper away without waking it.
    package func stopSleeping() { stream.stopSleeping() }

    /// Gives back bytes that were read from the stream before the transport was made.
    package func unread(_ bytes: Span<UInt8>) {
        if bytes.isEmpty { return }
        let layer = layer ?? Layer(nil, received: Buffer())
        layer.received.append(bytes)
        self.layer = layer
    }

    /// The bytes given back by `unread`, for a transport that takes this one's place.
    package func takeUnread() -> Buffer {
        var taken = Buffer()
        guard let layer, !layer.isTLS else { return taken }
        swap(&taken, &layer.received)
        self.layer = nil
        return taken
    }

    // MARK: - Writing

    /// Takes what it can from `buffer` and writes it; whether all is written.
    package func writeNow(_ buffer: inout Buffer) throws(TransportFault) -> Bool {
        guard let layer, layer.isTLS else {
            do { return try stream.writeNow(&buffer) } catch { throw .io(error) }
        }
        if stream.reactor.now.since(layer.lastSent) > Self.pause { layer.sentLately = 0 }
        layer.lastSent = stream.reactor.now
        while true {
            if try !flushNow(layer) { return false }
            if buffer.isEmpty { return true }
            // What fits into one record goes as one.
            let isFirst =
                layer.sentLately < Self.firstRecords.bytes
                && buffer.count > TLSEngine.largestPlaintext
            let next = isFirst ? Self.firstRecords.bytes : buffer.count
            supplySending(of: layer, for: buffer.count)
            var taken = 0
            do throws(TLSFault) {
                taken =
                    try layer.engine?.send(
                        buffer.bytes.extracting(first: next), sending: &layer.sending,
                        upTo: Self.mostCiphertext,
                        recordSize: isFirst
                            ? Self.firstRecords.size : TLSEngine.largestPlaintext) ?? 0
            } catch { throw .tls(error) }
            layer.sentLately = min(layer.sentLately + taken, Self.firstRecords.bytes)
            buffer.consume(taken)
            if taken == 0 && layer.sending.isEmpty { return false }
        }
    }

    /// The same for a head whose file follows at once. Only a plain transport sends files.
    package func writeNow(beforeFile buffer: inout Buffer) throws(TransportFault) -> Bool {
        do { return try stream.writeNow(&buffer, more: true) } catch { throw .io(error) }
    }

    /// Sends a part of a file as it is, which only a plain transport can; how many bytes.
    package func sendNow(
        from file: RandomAccessFile, _ range: Range<Int>
    ) throws(TransportFault) -> Int {
        precondition(!isTLS, "TLS cannot send a file as it is")
        do { return try stream.sendNow(from: file, range) } catch { throw .io(error) }
    }

    /// Writes ciphertext that is due; whether none is left.
    private func flushNow(_ layer: Layer) throws(TransportFault) -> Bool {
        do {
            let done = try stream.writeNow(&layer.sending)
            if done { reclaimSending(of: layer) }
            return done
        } catch { throw .io(error) }
    }

    /// Lends storage that all of it fits into: growing by steps would copy what is encrypted.
    private func supplySending(of layer: Layer, for count: Int) {
        let reactor = stream.reactor
        if count + TLSEngine.recordOverhead <= reactor.shelf.blockSize {
            reactor.shelf.supply(&layer.sending)
        } else {
            reactor.wideShelf.supply(&layer.sending)
        }
    }

    private func reclaimSending(of layer: Layer) {
        let reactor = stream.reactor
        if layer.sending.capacity == reactor.wideShelf.blockSize {
            reactor.wideShelf.reclaim(&layer.sending)
        } else {
            reactor.shelf.reclaim(&layer.sending)
        }
    }

    package func writable(by deadline: Instant, in scope: Scope? = nil) async throws(TransportFault)
    {
        do { try await stream.writable(by: deadline, in: scope) } catch { throw .io(error) }
    }

    package func sleepUntilWritable(_ sleeper: any Sleeper, until deadline: Instant) {
        stream.sleepUntilWritable(sleeper, until: deadline)
    }

    // MARK: - The end

    /// Tells the peer that nothing more comes (close_notify, FIN), and goes on reading.
    package func finishWriting() {
        sayClose()
        stream.finishWriting()
    }

    package func close() {
        sayClose()
        stream.close()
    }

    private func sayClose() {
        guard let layer else { return }
        layer.engine?.close(sending: &layer.sending)
        _ = try? flushNow(layer)
    }

    package func abort() { stream.abort() }
}
