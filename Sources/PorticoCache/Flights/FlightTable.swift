package import PorticoBytes
internal import Synchronization

/// Who fetches what: one flight per key, so that a thousand who miss at once cost one fetch.
///
/// The first who asks leads, and holds a `FlightPermit`. Others take seats and are woken once:
///
///     lead ── fulfil ────→ everyone: .stored(response), perhaps still growing
///       │ └── dissolve ──→ everyone: .fetchYourself (the answer may not be shared)
///       └──── dropped ───→ the next in line: .lead
///
/// Keys are known by their hash alone, which is secret and 128 bits wide; the stored response that
/// a seat is handed has the key to compare.
///
/// Who leads looks into the store once more before fetching: the flight before may have landed
/// between the look and the asking. Who is handed a stored response checks that it
/// is the right variant and that no purge came since its fetch began; if not, it asks again.
///
/// An answer that may not be shared leaves a mark (hit-for-miss), so that for some seconds
/// nobody queues for the key and those fields of the request on which the answer depends.
package final class FlightTable: Sendable {
    static let shardCount = 64
    private let shards: [FlightShard]

    package init() { shards = (0..<Self.shardCount).map { _ in FlightShard() } }

    /// Takes part in the flight for a key. `variant` answers what the request's fields are, hashed, that a
    /// field list of Vary names (as given to `dissolve`). `wake` is called once, from
    /// whatever thread, when a seat has its outcome.
    package func join(
        _ hash: KeyHash, at now: Instant,
        variant: (_ vary: [UInt8]) -> UInt64 = { _ in 0 },
        wake: @escaping @Sendable () -> Void
    ) -> Boarding {
        let shard = shard(hash)
        let (seat, flight, isMarked) = shard.state.withLock { state in
            if state.isMarked(hash, at: now, variant) {
                return (FlightSeat?.none, Flight?.none, true)
            }
            if let flight = state.lines[hash]?.flight {
                let seat = FlightSeat(flight, wake)
                state.lines[hash]?.seats.append(seat)
                return (seat, nil, false)
            }
            return (nil, state.begin(hash, in: shard), false)
        }
        if isMarked { return .fetchYourself }
        if let flight { return .lead(FlightPermit(flight)) }
        guard let seat else { return .fetchYourself }
        return .wait(FlightTicket(seat))
    }

    /// Whether the last answer was not to be shared, so that nobody should queue. Asked first by
    /// those who would have to prepare a seat.
    package func isMarked(
        _ hash: KeyHash, at now: Instant, variant: (_ vary: [UInt8]) -> UInt64
    ) -> Bool {
        shard(hash).state.withLock { $0.isMarked(hash, at: now, variant) }
    }

    /// Leads if nobody does; for a refresh in the background, which waits for nobody.
    package func lead(_ hash: KeyHash) -> FlightPermit? {
        let shard = shard(hash)
        let flight = shard.state.withLock { state in
            state.lines[hash] == nil ? state.begin(hash, in: shard) : nil
        }
        guard let flight else { return nil }
        return FlightPermit(flight)
    }

    /// Flights that are under way.
    package var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.lines.count } } }

    private func shard(_ hash: KeyHash) -> FlightShard {
        // Other bits than those by which the store chooses.
        shards[Int(hash.high >> 32) & (Self.shardCount - 1)]
    }
}

/// What asking to take part comes to.
package enum Boarding: ~Copyable, Sendable {
    case lead(FlightPermit)
    case wait(FlightTicket)
    /// The last answer was not to be shared.
    case fetchYourself
}

/// What waiting comes to.
package enum FlightOutcome: ~Copyable, Sendable {
    /// The leader's response, whose body may still grow.
    case stored(StoredResponse)
    case fetchYourself
    /// The leader is gone.
    case lead(FlightPermit)
}

/// The right, and the duty, to fetch for all. Dropped, it goes to the next in line.
package struct FlightPermit: ~Copyable, Sendable {
    private let flight: Flight

    init(_ flight: Flight) { self.flight = flight }

    // After `fulfil` and `dissolve` the flight is not in the table any more, and this does nothing.
    deinit { flight.handOver() }

    /// How many wait for it by now.
    package var waiting: Int { flight.waiting }

    /// To be called once the response stands in the store: who comes later finds it there.
    package consuming func fulfil(with response: StoredResponse) {
        flight.end(.stored(response))
    }

    /// The answer may not be shared.
    package consuming func dissolve() {
        flight.end(.fetchYourself)
    }

    /// … and will not be until `end`, for requests whose fields named in `vary` hash to
    /// `variant`. `vary` is written as the policy likes: it only meets itself again.
    package consuming func dissolve(
        marking vary: [UInt8], _ variant: UInt64, until end: Instant, at now: Instant
    ) {
        flight.mark(FlightMark(vary: vary, variant: variant, end: end), at: now)
        flight.end(.fetchYourself)
    }
}

/// A seat in somebody else's flight. Dropped, the seat is free: the client has gone, or would
/// rather not wait any longer. Leadership that was offered and not taken goes on to the next.
package struct FlightTicket: ~Copyable, Sendable {
    private let seat: FlightSeat

    init(_ seat: FlightSeat) { self.seat = seat }

    deinit { seat.leave() }

    /// nil until `wake` has been called; given out once.
    package func takeOutcome() -> FlightOutcome? {
        switch seat.takeOutcome() {
        case .none: nil
        case .some(.stored(let response)): .stored(response)
        case .some(.fetchYourself): .fetchYourself
        case .some(.lead): .lead(FlightPermit(seat.flight))
        }
    }
}
