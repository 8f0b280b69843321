internal import CPorticoLinux
internal import Glibc

/// The signals that a daemon answers to.
package enum ProcessSignal: Int32, CaseIterable, Sendable {
    case hangUp = 1
    case interrupt = 2
    case user1 = 10
    case user2 = 12
    case terminate = 15
    case child = 17
}

/// Blocked signals, to be made in the first thread before any other starts, so that all of them
/// inherit the mask.
package struct SignalMask: Sendable {
    fileprivate let descriptor: Int32

    package init() {
        let numbers = ProcessSignal.allCases.map(\.rawValue)
        descriptor = unsafe px_signals(numbers, Int32(numbers.count))
        precondition(descriptor >= 0, "signalfd")
        px_ignore_sigpipe()
    }
}

/// Hears signals on a worker.
package final class SignalSource: Source {
    private let onSignal: (ProcessSignal) -> Void

    package init(
        _ mask: SignalMask, on reactor: Reactor, onSignal: @escaping (ProcessSignal) -> Void
    ) {
        self.onSignal = onSignal
        super.init(descriptor: mask.descriptor)
        reactor.watchReadable(self)
    }

    override func happened(_ readiness: Readiness) {
        while let signal = ProcessSignal(rawValue: px_next_signal(descriptor)) {
            onSignal(signal)
        }
    }
}
