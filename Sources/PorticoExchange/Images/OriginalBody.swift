internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoImage
internal import PorticoLoop

/// The bytes of an original on their way to a worker process.
enum OriginalBody {
    enum Wait {
        case whole
        /// The origin broke off.
        case lost
        case tooLarge
        /// Not in memory as a whole: it only passes.
        case notKept
    }

    /// Waits until all of it is there, or until it is clear that this will not be.
    static func wait(
        for stored: StoredResponse, upTo most: Int, on reactor: Reactor
    ) async -> Wait {
        let body = stored.body
        if stored.disk != nil { return body.length > most ? .tooLarge : .whole }
        guard var reader = body.reader() else { return .notKept }
        let point = WaitPoint(reactor.timers)
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        while true {
            if body.length > most { return .tooLarge }
            switch body.phase {
            case .complete: return .whole
            case .failed: return .lost
            case .passing, .passed: return .notKept
            case .growing: break
            }
            switch reader.read({ $0.count }) {
            case .moved: continue
            case .finished: continue
            case .failed: return .lost
            case .caughtUp:
                // The filler has the deadline: a body that stalls fails.
                if reader.whenMore({ waker.wake() }) {
                    _ = await point.wait(by: reactor.now + .seconds(1))
                    reader.stopWaiting()
                }
            }
        }
    }

    /// The first bytes, which say what it is.
    static func signature(from source: (any BodySource)?) async -> [UInt8] {
        let sink = Collector()
        guard let source, await move(source, to: sink, pause: {}) else { return [] }
        return sink.bytes
    }

    /// What lies around the picture's bytes; nil: what is not undone.
    static func coding(_ head: borrowing ResponseHead) -> ImageErrand.Coding? {
        let coding = head.fields[head.fields.range(of: .contentEncoding)].trimmingOWS
        if coding.isEmpty || coding.equalsFolded("identity") { return .plain }
        return coding.equalsFolded("gzip") || coding.equalsFolded("x-gzip") ? .gzip : nil
    }

    /// A sealed copy of a whole body; others have their turn meanwhile.
    static func copy(from source: (any BodySource)?, on reactor: Reactor) async -> MemoryFile? {
        guard let source, let file = try? MemoryFile(named: "portico-original") else { return nil }
        let sink = Copier(to: file)
        let point = WaitPoint(reactor.timers)
        var pause = pieceBetweenPauses
        let isWhole = await move(source, to: sink) {
            if sink.count < pause { return }
            pause += pieceBetweenPauses
            _ = await point.wait(by: reactor.now)
        }
        guard isWhole, sink.isSound, (try? file.seal()) != nil else { return nil }
        return file
    }

    /// Whether all of it came.
    private static func move(
        _ source: any BodySource, to sink: any BodySink, pause: () async -> Void
    ) async -> Bool {
        do throws(ExchangeFault) {
            while true {
                switch try source.transfer(to: sink) {
                case .moved: await pause()
                case .blocked: try await source.readable(in: nil)
                case .finished: return true
                }
            }
        } catch {
            return false
        }
    }

    /// As much as is copied in a fraction of a millisecond.
    private static let pieceBetweenPauses = 1 << 20
}

/// Keeps a short body.
private final class Collector: Absorber {
    private(set) var bytes: [UInt8] = []

    func put(_ bytes: Span<UInt8>) { self.bytes += bytes.array }
}

/// Writes a body to a file.
private final class Copier: Absorber {
    private let file: MemoryFile
    private(set) var count = 0
    private(set) var isSound = true

    init(to file: MemoryFile) { self.file = file }

    func put(_ bytes: Span<UInt8>) {
        do throws(IOFault) {
            try file.write(bytes, at: count)
        } catch {
            isSound = false
        }
        count += bytes.count
    }
}

/// A sink that takes all at once.
private protocol Absorber: BodySink {}

extension Absorber {
    func finish(trailers: borrowing Fields) {}
    var isFull: Bool { false }
    func flushNow() throws(ExchangeFault) -> Bool { true }
    func flush(in scope: Scope?) async throws(ExchangeFault) {}
}
