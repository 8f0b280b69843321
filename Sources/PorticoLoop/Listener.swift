internal import CPorticoLinux
internal import Glibc
package import PorticoBytes

/// A bound and listening descriptor, not yet watched by anybody. It may go from the thread that
/// binds to the worker that accepts, and outlive both.
package struct ListeningSocket: Sendable {
    package let descriptor: Int32
    package let address: SocketAddress

    /// Binds for one worker of several (SO_REUSEPORT). `address` may have port 0.
    package init(bind address: SocketAddress, backlog: Int32 = 4096) throws(IOFault) {
        var raw = px_address(address)
        let descriptor = unsafe px_listen(&raw, backlog, 1)
        if descriptor < 0 { throw .system(-descriptor) }
        unsafe px_local_address(descriptor, &raw)
        self.descriptor = descriptor
        self.address = SocketAddress(raw)
    }

    /// Takes over a descriptor that came from the process before; nil: it does not listen.
    package init?(inherited descriptor: Int32) {
        if px_take_over(descriptor, 1) < 0 { return nil }
        var raw = px_address()
        unsafe px_local_address(descriptor, &raw)
        self.descriptor = descriptor
        self.address = SocketAddress(raw)
    }

    /// Whether somebody else listens there. SO_REUSEPORT would let two daemons of one user share
    /// a port in silence.
    package static func isTaken(_ address: SocketAddress) -> Bool {
        if address.port == 0 { return false }
        var raw = px_address(address)
        let probe = unsafe px_listen(&raw, 1, 0)
        if probe >= 0 { px_close(probe) }
        return probe == -EADDRINUSE
    }

    /// What `isTaken` means in terms of errno.
    package static let addressInUse = EADDRINUSE

    /// Another descriptor of the same socket, for another worker: the two share one queue.
    package func shared() throws(IOFault) -> ListeningSocket {
        let other = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if other == -1 { throw .system(errno) }
        return ListeningSocket(descriptor: other, address: address)
    }

    private init(descriptor: Int32, address: SocketAddress) {
        self.descriptor = descriptor
        self.address = address
    }

    package func close() { px_close(descriptor) }
}

/// Accepts on one worker.
///
/// When descriptors run out it stops looking for a moment instead of spinning, and the
/// connections wait in the kernel's queue.
package final class Listener: Source {
    private static let patience = Duration.milliseconds(50)
    /// Connections taken in one turn, so that a flood of them does not starve those that stand.
    private static let burst = 64
    /// More than the longest queue (`ListeningSocket.init`).
    private static let most = 8192

    private let reactor: Reactor
    private let onAccept: (Int32, SocketAddress) -> Void
    private let onExhausted: (Int32) -> Void
    private var retry: Alarm?
    private var isWatched = false
    private var isHeld = false

    /// `onAccept` gets the descriptor and owns it; `onExhausted` gets errno.
    package init(
        _ socket: ListeningSocket, on reactor: Reactor,
        onAccept: @escaping (Int32, SocketAddress) -> Void,
        onExhausted: @escaping (Int32) -> Void
    ) {
        self.reactor = reactor
        self.onAccept = onAccept
        self.onExhausted = onExhausted
        super.init(descriptor: socket.descriptor)
        watch()
    }

    /// Takes no connections until `resume`; they wait in the kernel's queue.
    package func hold() {
        isHeld = true
        unwatch()
    }

    package func resume() {
        isHeld = false
        watch()
    }

    /// Takes what waits in the kernel's queue, then stops: who was let in by the kernel is served.
    package func finish() {
        watch()
        for _ in 0..<Self.most where isWatched {
            if !acceptOne() { break }
        }
        stop()
    }

    /// Stops for good; the descriptor stays open.
    package func stop() {
        hold()
        if let retry { reactor.timers.remove(retry) }
        retry = nil
    }

    override func happened(_ readiness: Readiness) {
        for _ in 0..<Self.burst where isWatched {
            if !acceptOne() { return }
        }
    }

    /// Whether it is worth while to go on.
    private func acceptOne() -> Bool {
        var peer = px_address()
        let accepted = unsafe px_accept(descriptor, &peer)
        if accepted >= 0 {
            onAccept(accepted, SocketAddress(peer))
            return true
        }
        switch -accepted {
        case EAGAIN, EINTR: return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            onExhausted(-accepted)
            rest()
            return false
        default: return true  // this one connection is gone (accept(2), "Error handling")
        }
    }

    private func rest() {
        unwatch()
        let alarm = retry ?? Alarm { [unowned self] in if !isHeld { watch() } }
        retry = alarm
        reactor.timers.set(alarm, at: reactor.now + Self.patience)
    }

    private func watch() {
        if isWatched { return }
        isWatched = true
        reactor.watchReadable(self)
    }

    private func unwatch() {
        if !isWatched { return }
        isWatched = false
        reactor.pause(self)
    }
}
