internal import PorticoBytes
internal import PorticoCache
internal import PorticoLoop
internal import Synchronization

/// A body on its way to the disk while it comes, because memory does not hold it whole.
///
/// The worker gathers pieces, the writer's thread writes them into room that was set aside for
/// all of them. The disk holds up the origin, not memory: with some pieces under way, whoever
/// fills waits.
final class Spill {
    private static let pieceBytes = 1 << 20
    private static let mostUnderWay = 4

    /// What the writer's thread works on.
    private final class Work: Sendable {
        let reservation = Mutex<DiskReservation?>(nil)
        let isLost = Atomic(false)
        let underWay = Atomic(0)
        let waiter = Mutex<(@Sendable () -> Void)?>(nil)
    }

    private let tier: DiskTier
    private let store: DiskStore
    private let surroundings: DiskTier.Surroundings
    private let write: PendingWrite
    private let work = Work()
    private var piece: [UInt8] = []

    /// Nil: the disk does not take it.
    init?(_ write: PendingWrite, bodyLength: Int, to tier: DiskTier) {
        guard let store = tier.store, let surroundings = tier.surroundings else { return nil }
        self.tier = tier
        self.store = store
        self.surroundings = surroundings
        self.write = write
        let (monotonic, wall) = surroundings.clocks()
        let record = DiskForm.record(
            write.response, write.words, DiskForm.Clocks(monotonic: monotonic, wall: wall))
        offer { work in
            do throws(DiskFault) {
                try work.reservation.withLock { reservation throws(DiskFault) in
                    reservation = try store.reserve(
                        record, bodyLength: bodyLength, at: monotonic)
                }
            } catch {
                work.isLost.store(true, ordering: .relaxed)
            }
        }
    }

    /// False: what is put is of no use any more.
    var isWorking: Bool { !work.isLost.load(ordering: .relaxed) }

    func put(_ bytes: Span<UInt8>) {
        if !isWorking { return piece = [] }
        if piece.isEmpty { piece.reserveCapacity(Self.pieceBytes) }
        piece += bytes.array
        if piece.count >= Self.pieceBytes { hand() }
    }

    private func hand() {
        let bytes = piece
        piece = []
        offer { work in
            work.reservation.withLock { reservation in
                reservation?.append(bytes.span)
                let isWorking = reservation?.isWorking ?? false
                if !isWorking { work.isLost.store(true, ordering: .relaxed) }
            }
        }
    }

    /// In order, since the writer is one thread.
    @discardableResult
    private func offer(_ body: @escaping @Sendable (Work) -> Void) -> Bool {
        let work = work
        work.underWay.add(1, ordering: .relaxed)
        let isQueued = surroundings.writer.offer {
            body(work)
            work.underWay.subtract(1, ordering: .relaxed)
            let wake = work.waiter.withLock { $0.take() }
            wake?()
        }
        if isQueued { return true }
        work.underWay.subtract(1, ordering: .relaxed)
        work.isLost.store(true, ordering: .relaxed)
        return false
    }

    /// Has `wake` called once when there is room for more. False: there is.
    func whenRoom(_ wake: @escaping @Sendable () -> Void) -> Bool {
        work.waiter.withLock { waiter in
            if work.underWay.load(ordering: .relaxed) < Self.mostUnderWay { return false }
            waiter = wake
            return true
        }
    }

    func finish() {
        if !piece.isEmpty { hand() }
        let (tier, store, write, surroundings) = (tier, store, write, surroundings)
        let isQueued = offer { work in
            guard let reservation = work.reservation.withLock({ $0.take() }) else {
                return tier.abandon(write)
            }
            tier.finish(write, reservation, in: store, at: surroundings.clocks().0)
        }
        if !isQueued { tier.abandon(write) }
    }

    /// The body broke off.
    func cancel() {
        let (tier, store, write) = (tier, store, write)
        let isQueued = offer { work in
            if let reservation = work.reservation.withLock({ $0.take() }) {
                store.giveBack(reservation)
            }
            tier.cancel(write)
        }
        if !isQueued { tier.cancel(write) }
    }
}
