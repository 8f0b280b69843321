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
    static func signature(of stored: StoredResponse) -> [UInt8] {
        var bytes: [UInt8] = []
        guard var reader = stored.body.reader() else { return [] }
        while bytes.count < ImageFormat.signatureLength {
            let wanted = ImageFormat.signatureLength - bytes.count
            let progress = reader.read(upTo: wanted) { piece in
                bytes += piece.array
                return piece.count
            }
            guard case .moved = progress else { break }
        }
        return bytes
    }

    /// What lies around the picture's bytes; nil: what is not undone.
    static func coding(_ head: borrowing ResponseHead) -> ImageErrand.Coding? {
        let coding = head.fields[head.fields.range(of: .contentEncoding)].trimmingOWS
        if coding.isEmpty || coding.equalsFolded("identity") { return .plain }
        return coding.equalsFolded("gzip") || coding.equalsFolded("x-gzip") ? .gzip : nil
    }

    /// A sealed copy of a whole body; others have their turn meanwhile.
    static func copy(_ stored: StoredResponse, on reactor: Reactor) async -> MemoryFile? {
        guard let file = try? MemoryFile(named: "portico-original"),
            var reader = stored.body.reader()
        else { return nil }
        let point = WaitPoint(reactor.timers)
        var offset = 0
        var pause = pieceBetweenPauses
        while true {
            var isWritten = true
            let progress = reader.read(upTo: piece) { bytes in
                do throws(IOFault) {
                    try file.write(bytes, at: offset)
                } catch {
                    isWritten = false
                }
                offset += bytes.count
                return bytes.count
            }
            guard isWritten else { return nil }
            switch progress {
            case .moved: break
            case .finished:
                guard (try? file.seal()) != nil else { return nil }
                return file
            case .caughtUp, .failed: return nil
            }
            if offset >= pause {
                pause += pieceBetweenPauses
                _ = await point.wait(by: reactor.now)
            }
        }
    }

    private static let piece = 64 << 10
    /// As much as is copied in a fraction of a millisecond.
    private static let pieceBetweenPauses = 1 << 20
}
