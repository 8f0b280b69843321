package import PorticoBytes
package import PorticoLoop
internal import Synchronization

/// One transformation on its way from a request to a worker process and back. It crosses threads:
/// who asks waits on his loop, the processes are tended on another.
package final class ImageErrand: Sendable {
    package enum Outcome: Sendable {
        case failed(ImageFailure)
        /// As many bytes stand in the file.
        case made(ImageReport, MemoryFile, bytes: Int)
    }

    /// What lies around the picture's bytes.
    package enum Coding: UInt64, Sendable {
        case plain, gzip
    }

    private enum State {
        case waiting, begun
        case ended(Outcome)
    }

    package let request: ImageRequest
    package let limits: ImageLimits
    /// Sealed.
    package let source: MemoryFile
    package let sourceBytes: Int
    package let coding: Coding
    /// Sealed; nil: none.
    let overlay: (file: MemoryFile, bytes: Int)?
    /// Held as long as the job has its source.
    private let room: ImageReservation
    /// Where it has not begun by then, there are too many others.
    package let patience: Instant
    /// Afterwards nobody wants it.
    package let deadline: Instant
    private let state = Mutex(State.waiting)
    private let wake: @Sendable () -> Void

    /// `wake` is called once, from whatever thread, when there is an outcome.
    package init(
        _ request: ImageRequest, of source: MemoryFile, bytes: Int, in room: ImageReservation,
        coding: Coding = .plain, overlay: (MemoryFile, Int)? = nil, within limits: ImageLimits,
        begunBy patience: Instant,
        by deadline: Instant, wake: @escaping @Sendable () -> Void
    ) {
        self.coding = coding
        self.overlay = overlay
        self.patience = patience
        self.room = room
        self.request = request
        self.source = source
        sourceBytes = bytes
        self.limits = limits
        self.deadline = deadline
        self.wake = wake
    }

    /// Whether somebody still wants it; then it is in hand.
    func begin(at now: Instant) -> Bool {
        state.withLock { state in
            switch state {
            case .waiting where now < patience: break
            // One that needs more memory begins a second time.
            case .begun where now < deadline: break
            case .waiting, .begun, .ended: return false
            }
            state = .begun
            return true
        }
    }

    package func finish(_ outcome: Outcome) {
        let isFirst = state.withLock { state in
            if case .ended = state { return false }
            state = .ended(outcome)
            return true
        }
        if isFirst { wake() }
    }

    /// Nil: it is not done yet.
    package func look() -> Outcome? {
        state.withLock { state in
            if case .ended(let outcome) = state { return outcome }
            return nil
        }
    }

    /// Whether nobody has it in hand; then nobody will any more.
    package func giveUp() -> Bool {
        state.withLock { state in
            guard case .waiting = state else { return false }
            state = .ended(.failed(.overLimit))
            return true
        }
    }
}

/// Where a request hands in a job, on any thread.
package protocol ImageTransformer: Sendable {
    /// Room for a source of so many bytes; nil: there is none now.
    func reserve(_ bytes: Int) -> ImageReservation?

    /// The job is finished in any case, perhaps at once.
    func submit(_ job: ImageErrand)
}

/// How many bytes the sources of all jobs hold.
package final class ImageSourceRoom: Sendable {
    private let most: Int
    private let used = Atomic<Int>(0)

    package init(_ most: Int) { self.most = most }

    package func reserve(_ bytes: Int) -> ImageReservation? {
        if used.add(bytes, ordering: .relaxed).newValue <= most {
            return ImageReservation(self, bytes)
        }
        give(back: bytes)
        return nil
    }

    fileprivate func give(back bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
}

/// Some of that room, given back with its last owner.
package final class ImageReservation: Sendable {
    private let room: ImageSourceRoom
    private let bytes: Int

    fileprivate init(_ room: ImageSourceRoom, _ bytes: Int) {
        self.room = room
        self.bytes = bytes
    }

    deinit { room.give(back: bytes) }
}
