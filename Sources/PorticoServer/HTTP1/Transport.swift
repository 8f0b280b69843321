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
    private var engine: TLSEngine?
    private var received = Buffer()
    private var sending = Buffer()
    /// Plaintext sent since the last pause, as far as it matters; and when the last of it was.
    private var sentLately = 0
    private var lastSent = Instant(nanoseconds: 0)
    /// The engine may have more plaintext without more ciphertext.
    private var mayHaveMore = false

    package init(plain stream: Stream) {
        self.stream = stream
        engine = nil
    }

    /// `early`: bytes that were read from the stream before TLS began.
    package init(
        _ stream: Stream, through engine: consuming TLSEngine, early: consuming Buffer = Buffer()
    ) {
        self.stream = stream
        self.engine = consume engine
        received = early
    }

    package var isTLS: Bool { engine != nil }

    /// What the handshake led to; nil without TLS.
    package var negotiated: Negotiated? { engine?.negotiated }

    package func covers(host: Span<UInt8>) -> Bool { engine?.covers(host: host) ?? true }

    // MARK: - Handshake

    /// Shakes hands; a transport without TLS has nothing to do.
    package func handshake(
        by deadline: Instant, in scope: Scope? = nil
    ) async throws(TransportFault) {
        if engine == nil { return }
        engine?.startHandshake(sending: &sending)
        var early = Buffer()
        while true {
            _ = try flushNow()
            if sending.isEmpty && (engine?.isHandshakeFinished ?? true) { break }
            if engine?.isHandshakeFinished ?? true {
                try await writable(by: deadline, in: scope)
                continue
            }
            // No plaintext is asked for: what follows the handshake stays where it is.
            if try await !step(into: &early, upTo: 0, by: deadline, in: scope) { throw .cut }
        }
        mayHaveMore = !received.isEmpty
    }

    /// One more look at what came; whether the peer is still there.
    private func step(
        into plaintext: inout Buffer, upTo count: Int, by deadline: Instant, in scope: Scope?
    ) async throws(TransportFault) -> Bool {
        let before = received.count
        let read = try readCiphertext()
        if read == 0 { return false }
        if read != nil || before > 0 { _ = try decrypt(into: &plaintext, upTo: count) }
        if engine?.isHandshakeFinished ?? true { return true }
        if read == nil {
            _ = try flushNow()
            try await readable(by: deadline, in: scope)
        }
        return true
    }

    // MARK: - Reading

    /// Appends what is there, at most `count` bytes. 0: the peer has finished; nil: would block.
    package func readNow(
        into buffer: inout Buffer, upTo count: Int
    ) throws(TransportFault) -> Int? {
        if engine == nil {
            if !received.isEmpty { return takeUnread(into: &buffer, upTo: count) }
            do { return try stream.readNow(into: &buffer, upTo: count) } catch { throw .io(error) }
        }
        let before = buffer.count
        while true {
            if mayHaveMore || !received.isEmpty {
                let result = try decrypt(into: &buffer, upTo: count)
                if buffer.count > before { return buffer.count - before }
                if result == .closed { return 0 }
            }
            guard let read = try readCiphertext() else {
                if received.isEmpty { stream.reactor.shelf.reclaim(&received) }
                return nil
            }
            if read == 0 { throw .cut }
        }
    }

    private func takeUnread(into buffer: inout Buffer, upTo count: Int) -> Int {
        let taken = min(count, received.count)
        buffer.append(received.bytes.extracting(first: taken))
        received.consume(taken)
        return taken
    }

    private func readCiphertext() throws(TransportFault) -> Int? {
        stream.reactor.shelf.supply(&received)
        do {
            return try stream.readNow(into: &received, upTo: Self.readSize)
        } catch { throw .io(error) }
    }

    private func decrypt(
        into plaintext: inout Buffer, upTo count: Int
    ) throws(TransportFault) -> TLSEngine.Received {
        var result = TLSEngine.Received.needsMore
        do throws(TLSFault) {
            result =
                try engine?.receive(
                    &received, into: &plaintext, sending: &sending, upTo: count) ?? .closed
        } catch {
            // The alert says why; nobody waits for its arrival.
            _ = try? flushNow()
            throw .tls(error)
        }
        mayHaveMore = result == .full
        if !sending.isEmpty { _ = try flushNow() }
        return result
    }

    package func readable(by deadline: Instant, in scope: Scope? = nil) async throws(TransportFault)
    {
        if mayHaveMore || (engine == nil && !received.isEmpty) { return }
        do throws(IOFault) {
            // A peer that waits for our flight will not send its own. Behind the handshake what is
            // to be sent is the writing task's, which may be waiting for the same room.
            if !sending.isEmpty && !(engine?.isHandshakeFinished ?? true) {
                try await stream.writable(by: deadline, in: scope)
            }
            try await stream.readable(by: deadline, in: scope)
        } catch { throw .io(error) }
    }

    /// Whether nothing has come that was not read, not even a part of a record.
    package var isQuiet: Bool { !mayHaveMore && received.isEmpty && stream.isQuiet }

    /// Whether a read would have to wait. A part of a record may be held until its rest comes.
    package var wouldWait: Bool {
        !mayHaveMore && (engine != nil || received.isEmpty) && stream.isQuiet
    }

    package func sleep(_ sleeper: any Sleeper, until deadline: Instant) {
        stream.sleep(sleeper, until: deadline)
    }

    /// Takes the sleeper away without waking it.
    package func stopSleeping() { stream.stopSleeping() }

    /// Gives back bytes that were read from the stream before the transport was made.
    package func unread(_ bytes: Span<UInt8>) { received.append(bytes) }

    /// The bytes given back by `unread`, for a transport that takes this one's place.
    package func takeUnread() -> Buffer {
        var taken = Buffer()
        swap(&taken, &received)
        return taken
    }

    // MARK: - Writing

    /// Takes what it can from `buffer` and writes it; whether all is written.
    package func writeNow(_ buffer: inout Buffer) throws(TransportFault) -> Bool {
        if engine == nil {
            do { return try stream.writeNow(&buffer) } catch { throw .io(error) }
        }
        if stream.reactor.now.since(lastSent) > Self.pause { sentLately = 0 }
        lastSent = stream.reactor.now
        while true {
            if try !flushNow() { return false }
            if buffer.isEmpty { return true }
            // What fits into one record goes as one.
            let isFirst =
                sentLately < Self.firstRecords.bytes
                && buffer.count > TLSEngine.largestPlaintext
            let next = isFirst ? Self.firstRecords.bytes : buffer.count
            supplySending(for: buffer.count)
            var taken = 0
            do throws(TLSFault) {
                taken =
                    try engine?.send(
                        buffer.bytes.extracting(first: next), sending: &sending,
                        upTo: Self.mostCiphertext,
                        recordSize: isFirst
                            ? Self.firstRecords.size : TLSEngine.largestPlaintext) ?? 0
            } catch { throw .tls(error) }
            sentLately = min(sentLately + taken, Self.firstRecords.bytes)
            buffer.consume(taken)
            if taken == 0 && sending.isEmpty { return false }
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
        precondition(engine == nil, "TLS cannot send a file as it is")
        do { return try stream.sendNow(from: file, range) } catch { throw .io(error) }
    }

    /// Writes ciphertext that is due; whether none is left.
    private func flushNow() throws(TransportFault) -> Bool {
        do {
            let done = try stream.writeNow(&sending)
            if done { reclaimSending() }
            return done
        } catch { throw .io(error) }
    }

    /// Lends storage that all of it fits into: growing by steps would copy what is encrypted.
    private func supplySending(for count: Int) {
        let reactor = stream.reactor
        if count + TLSEngine.recordOverhead <= reactor.shelf.blockSize {
            reactor.shelf.supply(&sending)
        } else {
            reactor.wideShelf.supply(&sending)
        }
    }

    private func reclaimSending() {
        let reactor = stream.reactor
        if sending.capacity == reactor.wideShelf.blockSize {
            reactor.wideShelf.reclaim(&sending)
        } else {
            reactor.shelf.reclaim(&sending)
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
        engine?.close(sending: &sending)
        _ = try? flushNow()
        stream.finishWriting()
    }

    package func close() {
        engine?.close(sending: &sending)
        _ = try? flushNow()
        stream.close()
    }

    package func abort() { stream.abort() }
}
