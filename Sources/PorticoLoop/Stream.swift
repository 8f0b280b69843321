internal import CPorticoLinux
internal import Glibc
package import PorticoBytes

/// Why a read or a write did not happen. `system` holds errno.
package enum IOFault: Error, Equatable {
    case late, interrupted, system(Int32)
}

/// A connected socket, on its worker. One task may read while another one writes.
///
/// Edge-triggered and registered once. Reading and writing try the socket first (`…Now`); only
/// when that would block does a task wait (`readable`, `writable`).
package final class Stream: Source {
    package let reactor: Reactor
    /// Where a reader waits while the stream `isQuiet`; `readable` is the same with a fault for what
    /// went wrong, and costs one async call more.
    package let reading: WaitPoint
    private var writing: WaitPoint?
    private var mayRead = true
    private var mayWrite: Bool
    private var peerHasEnded = false
    package private(set) var isOpen = true
    /// Interrupted when the connection breaks, whoever waits for whatever.
    package var onHangUp: Scope?

    package convenience init(accepted descriptor: Int32, on reactor: Reactor) {
        self.init(descriptor, isConnected: true, on: reactor)
    }

    private init(_ descriptor: Int32, isConnected: Bool, on reactor: Reactor) {
        self.reactor = reactor
        reading = WaitPoint(reactor.timers)
        mayWrite = isConnected
        super.init(descriptor: descriptor)
        reactor.watchStream(self)
    }

    deinit {
        if isOpen { px_close(descriptor) }
    }

    /// A connection to `address`; throws what the system says of the attempt.
    package static func connect(
        to address: SocketAddress, on reactor: Reactor, by deadline: Instant, in scope: Scope? = nil
    ) async throws(IOFault) -> Stream {
        var raw = px_address(address)
        let descriptor = unsafe px_connect(&raw)
        if descriptor < 0 { throw .system(-descriptor) }
        let stream = Stream(descriptor, isConnected: false, on: reactor)
        do throws(IOFault) {
            try await stream.writable(by: deadline, in: scope)
            let error = px_socket_error(descriptor)
            if error < 0 { throw .system(-error) }
        } catch {
            stream.close()
            throw error
        }
        return stream
    }

    override func happened(_ readiness: Readiness) {
        if readiness.isEnd { peerHasEnded = true }
        if readiness.isReadable {
            mayRead = true
            reading.wake()
        }
        if readiness.isWritable {
            mayWrite = true
            writing?.wake()
        }
        if readiness.isHangUp { onHangUp?.interrupt() }
    }

    // MARK: - Reading

    /// Appends what is there, at most `count` bytes. 0: the peer has finished; nil: would block.
    package func readNow(into buffer: inout Buffer, upTo count: Int) throws(IOFault) -> Int? {
        guard mayRead else { return nil }
        var error: Int32 = 0
        let received = unsafe buffer.append(upTo: count) { free in
            let received = unsafe px_receive(descriptor, free.baseAddress, count)
            if received < 0 { error = Int32(-received) }
            return Int(max(0, received))
        }
        if error == EAGAIN {
            mayRead = false
            return nil
        }
        if error != 0 { throw .system(error) }
        // A short read means that the socket is empty: no second call to hear EAGAIN. Not when
        // the end was announced already, since no further edge will tell of it.
        if received > 0 && received < count && !peerHasEnded { mayRead = false }
        return received
    }

    /// Waits until a read may find something.
    package func readable(by deadline: Instant, in scope: Scope? = nil) async throws(IOFault) {
        if mayRead { return }
        try pass(await reading.wait(by: deadline, in: scope) { mayRead })
    }

    /// Waits without a task: `sleeper` is woken when something is to be read, or too late.
    package func sleep(_ sleeper: any Sleeper, until deadline: Instant) {
        precondition(!mayRead, "a stream with something to read does not sleep")
        reading.sleep(sleeper, until: deadline)
    }

    /// Takes the sleeper away without waking it.
    package func stopSleeping() { reading.dismissSleeper() }

    /// Whether a read would have to wait.
    package var isQuiet: Bool { !mayRead }

    // MARK: - Writing

    /// Writes what it can and consumes that; whether all has been written. `more`: what follows is
    /// written at once, and may share a packet with it.
    package func writeNow(
        _ buffer: inout Buffer, more: Bool = false
    ) throws(IOFault) -> Bool {
        while !buffer.isEmpty {
            let sent = try writeNow(buffer.bytes, more: more)
            buffer.consume(sent)
            if !mayWrite { return buffer.isEmpty }
        }
        return true
    }

    /// Writes what it can; how many bytes that were.
    package func writeNow(_ bytes: Span<UInt8>, more: Bool = false) throws(IOFault) -> Int {
        guard mayWrite, !bytes.isEmpty else { return 0 }
        // SAFETY: the kernel copies before the call returns.
        let sent = unsafe bytes.withUnsafeBytes { raw in
            unsafe px_send(descriptor, raw.baseAddress, raw.count, more ? 1 : 0)
        }
        if sent < 0 {
            guard sent == -Int64(EAGAIN) else { throw .system(Int32(-sent)) }
            mayWrite = false
            return 0
        }
        if sent < bytes.count { mayWrite = false }
        return Int(sent)
    }

    /// Sends a part of a file without a copy through this process; how many bytes that were.
    /// Blocks on the disk where the page cache has nothing. What the file lacks is a fault.
    package func sendNow(
        from file: RandomAccessFile, _ range: Range<Int>
    ) throws(IOFault) -> Int {
        guard mayWrite, !range.isEmpty else { return 0 }
        let sent = px_send_file(
            descriptor, file.descriptor, Int64(range.lowerBound), range.count)
        if sent < 0 {
            guard sent == -Int64(EAGAIN) else { throw .system(Int32(-sent)) }
            mayWrite = false
            return 0
        }
        if sent == 0 { throw .system(EIO) }
        // Unlike a write, a short one does not mean that the socket is full.
        return Int(sent)
    }

    /// Waits until a write may find room.
    package func writable(by deadline: Instant, in scope: Scope? = nil) async throws(IOFault) {
        if mayWrite { return }
        try pass(await writingPoint().wait(by: deadline, in: scope) { mayWrite })
    }

    /// Waits for room without a task: `sleeper` is woken when something may be written, or too late.
    package func sleepUntilWritable(_ sleeper: any Sleeper, until deadline: Instant) {
        precondition(!mayWrite, "a stream that takes bytes does not sleep for that")
        writingPoint().sleep(sleeper, until: deadline)
    }

    private func writingPoint() -> WaitPoint {
        if let writing { return writing }
        let made = WaitPoint(reactor.timers)
        writing = made
        return made
    }

    // MARK: - The end

    /// Tells the peer that nothing more comes, and goes on reading.
    package func finishWriting() { _ = px_shut_down_writing(descriptor) }

    package func close() {
        guard leave() else { return }
        px_close(descriptor)
    }

    /// Closes so that the peer sees the cut, not an orderly end.
    package func abort() {
        guard leave() else { return }
        px_reset(descriptor)
    }

    private func leave() -> Bool {
        guard isOpen else { return false }
        isOpen = false
        reactor.forget(self)
        reading.retire()
        writing?.retire()
        onHangUp = nil
        return true
    }

    private func pass(_ wake: Wake) throws(IOFault) {
        switch wake {
        case .ready: return
        case .late: throw .late
        case .interrupted: throw .interrupted
        }
    }
}
