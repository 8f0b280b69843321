internal import PorticoBytes
internal import Synchronization

/// What a seat is told; leadership becomes a permit when it is taken.
enum FlightNews: Sendable {
    case stored(StoredResponse)
    case fetchYourself
    case lead
}

/// One fetch that others wait for.
final class Flight: Sendable {
    let hash: KeyHash
    let shard: FlightShard

    init(_ hash: KeyHash, _ shard: FlightShard) {
        self.hash = hash
        self.shard = shard
    }

    var waiting: Int { shard.state.withLock { $0.lines[hash]?.seats.count ?? 0 } }

    func end(_ news: FlightNews) {
        let seats = shard.state.withLock { state in
            guard state.lines[hash]?.flight === self else { return [FlightSeat]() }
            return state.lines.removeValue(forKey: hash)?.seats ?? []
        }
        for seat in seats { _ = seat.offer(news) }
    }

    /// The leader is gone: the first who still waits leads; if nobody does, the flight is over.
    func handOver() {
        while true {
            let next = shard.state.withLock { state -> FlightSeat? in
                guard let line = state.lines[hash], line.flight === self else { return nil }
                if line.seats.isEmpty {
                    state.lines[hash] = nil
                    return nil
                }
                return state.lines[hash]?.seats.removeFirst()
            }
            guard let next else { return }
            if next.offer(.lead) { return }
        }
    }

    func leave(_ seat: FlightSeat) {
        shard.state.withLock { state in
            guard state.lines[hash]?.flight === self else { return }
            state.lines[hash]?.seats.removeAll { $0 === seat }
        }
    }

    func mark(_ mark: FlightMark, at now: Instant) {
        shard.state.withLock { $0.add(mark, for: hash, at: now) }
    }
}

/// Where one request waits for a flight.
final class FlightSeat: Sendable {
    private enum State {
        case waiting(@Sendable () -> Void)
        case offered(FlightNews)
        case over
    }

    let flight: Flight
    private let state: Mutex<State>

    init(_ flight: Flight, _ wake: @escaping @Sendable () -> Void) {
        self.flight = flight
        state = Mutex(.waiting(wake))
    }

    /// False if nobody sits here any more.
    func offer(_ news: FlightNews) -> Bool {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard case .waiting(let wake) = state else { return nil }
            state = .offered(news)
            return wake
        }
        wake?()
        return wake != nil
    }

    func takeOutcome() -> FlightNews? {
        state.withLock { state in
            guard case .offered(let news) = state else { return nil }
            state = .over
            return news
        }
    }

    func leave() {
        let last = state.withLock { state in
            let last = state
            state = .over
            return last
        }
        switch last {
        case .waiting: flight.leave(self)
        case .offered(.lead): flight.handOver()
        case .offered, .over: break
        }
    }
}

/// Until when the answers for a key are not worth waiting for.
struct FlightMark: Sendable {
    let vary: [UInt8]
    let variant: UInt64
    let end: Instant
}

/// A flight and those who wait for it, first come first.
struct FlightLine {
    let flight: Flight
    var seats: [FlightSeat] = []
}

final class FlightShard: Sendable {
    struct State {
        var lines: [KeyHash: FlightLine] = [:]
        private var marks: [KeyHash: [FlightMark]] = [:]

        /// Marks are a convenience: a key has few, and a shard forgets all rather than grow on.
        private static let maxMarksPerKey = 8
        private static let maxMarkedKeys = 2048

        init() {}

        mutating func begin(_ hash: KeyHash, in shard: FlightShard) -> Flight {
            let flight = Flight(hash, shard)
            lines[hash] = FlightLine(flight: flight)
            return flight
        }

        func isMarked(_ hash: KeyHash, at now: Instant, _ variant: ([UInt8]) -> UInt64) -> Bool {
            if marks.isEmpty { return false }
            guard let marks = marks[hash] else { return false }
            return marks.contains { now < $0.end && $0.variant == variant($0.vary) }
        }

        mutating func add(_ mark: FlightMark, for hash: KeyHash, at now: Instant) {
            if marks.count >= Self.maxMarkedKeys {
                marks = marks.filter { $0.value.contains { now < $0.end } }
                if marks.count >= Self.maxMarkedKeys { marks.removeAll(keepingCapacity: true) }
            }
            var ofKey = marks[hash] ?? []
            ofKey.removeAll {
                $0.end <= now || ($0.variant == mark.variant && $0.vary == mark.vary)
            }
            if ofKey.count >= Self.maxMarksPerKey { ofKey.removeFirst() }
            ofKey.append(mark)
            marks[hash] = ofKey
        }
    }

    let state = Mutex(State())
}
