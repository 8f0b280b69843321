internal import PorticoBytes
internal import PorticoCache
internal import PorticoCoding
internal import PorticoHTTP
internal import PorticoLoop

/// Codes a stored body, which may still grow, into another one that is kept beside it.
final class BodyEncoder {
    /// How much is coded before others have their turn: about a millisecond.
    private static let slice = 16 << 10
    /// A result that is not kept stays this close to its slowest reader.
    private static let mostBacklog = 256 << 10

    let coded: GrowingBody
    private let plain: GrowingBody
    private let coding: ContentCoding
    private var reader: BodyReader
    private var writer: BodyWriter?
    private var coder: Coder
    private let reactor: Reactor
    /// Called when all is coded.
    private let completed: () -> Void

    /// Nil where the plain bytes or the memory for coding are not to be had.
    init?(
        _ plain: GrowingBody, as coding: ContentCoding, to writer: consuming BodyWriter,
        on reactor: Reactor, completed: @escaping () -> Void
    ) {
        guard let reader = plain.reader(),
            let coder = Coder(
                encoding: coding, level: Compression.level(of: coding, isKept: true),
                size: plain.phase == .complete ? plain.length : nil)
        else { return nil }
        coded = writer.body
        self.plain = plain
        self.coding = coding
        self.reader = reader
        self.writer = consume writer
        self.coder = coder
        self.reactor = reactor
        self.completed = completed
    }

    /// Codes a first slice at once, which is all of most pages; a task of its own does the rest.
    func start() {
        // The end is seen behind the last byte.
        if case .more = step(), case .ended = step() { return }
        if writer == nil { return }
        reactor.start { await self.run() }
    }

    private enum Progress {
        case more, caughtUp, ended
    }

    private func step() -> Progress {
        // What passes is kept nowhere, coded or not.
        if !plain.phase.isReusable, writer?.isKept ?? false {
            writer?.pass()
            plain.dropCoded(coding.rawValue)
        }
        var isSound = true
        let progress = reader.read(upTo: Self.slice) { bytes in
            isSound = code(.go, bytes)
            return bytes.count
        }
        switch progress {
        case .moved where isSound: return .more
        case .caughtUp: return .caughtUp
        case .finished where code(.finish, [UInt8]().span):
            writer.take()?.finish()
            completed()
            return .ended
        case .moved, .finished, .failed:
            plain.dropCoded(coding.rawValue)
            writer = nil
            return .ended
        }
    }

    private func code(_ step: Coder.Step, _ bytes: Span<UInt8>) -> Bool {
        do throws(Coder.Fault) {
            try coder.run(step, bytes) { piece throws(Coder.Fault) in
                if writer?.append(piece) == false { plain.dropCoded(coding.rawValue) }
            }
            return true
        } catch {
            return false
        }
    }

    private func run() async {
        let point = WaitPoint(reactor.timers)
        while true {
            switch step() {
            case .ended: return
            case .more:
                if writer?.isKept ?? true {
                    _ = await point.wait(by: reactor.now)
                } else {
                    await waitForReaders(at: point)
                    // Nobody would get it, and the plain body's origin waits for us.
                    if !coded.hasReaders {
                        writer = nil
                        return
                    }
                }
            case .caughtUp: await waitForMore(at: point)
            }
        }
    }

    private func waitForMore(at point: WaitPoint) async {
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        guard reader.whenMore({ waker.wake() }) else { return }
        _ = await point.wait(by: .distantFuture)
        reader.stopWaiting()
    }

    private func waitForReaders(at point: WaitPoint) async {
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        while coded.hasReaders,
            writer?.whenBacklogFalls(to: Self.mostBacklog, { waker.wake() }) ?? false
        {
            // A reader who leaves is not always heard of.
            _ = await point.wait(by: reactor.now + .seconds(1))
        }
    }
}
