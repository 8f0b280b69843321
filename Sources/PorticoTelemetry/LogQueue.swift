package import PorticoBytes
internal import Synchronization

/// The hand-over of whole log lines from workers to the thread that writes one log file.
///
/// Workers collect lines in a buffer of their own and offer it when it is full, at the end of a
/// turn or on a tick. The bytes are copied under the lock into one of two arrays; the writer
/// exchanges the full one for the one that it has emptied:
///
///     workers → offer → [ waiting ]  ⇄  [ in the writer's hand ] → file
///
/// So the steady state allocates nothing, nobody's storage changes owner, and lines stand in the
/// order in which they were offered. Copying 64 KiB holds the lock for a few microseconds; that
/// is once for some hundred lines.
package final class LogQueue: Sendable {
    /// What became of an offer.
    package enum Handover: Equatable, Sendable {
        /// There was nothing to hand over.
        case nothing
        /// Taken. Nothing else was waiting: ring for the writer.
        case takenFirst
        /// Taken behind others, for which somebody has rung.
        case takenBehind
        /// The writer is too far behind: so many lines are lost.
        case dropped(lines: Int)
    }

    private struct State {
        var waiting: [UInt8] = []
        /// Bytes that the writer has taken and not yet written.
        var inHand = 0
    }

    /// How many bytes may wait and be in the writer's hand together.
    package let limit: Int
    private let state = Mutex(State())

    package init(limit: Int = 4 << 20) { self.limit = limit }

    /// Hands over the lines that the buffer holds, all or none, and leaves it empty with its
    /// storage either way.
    package func offer(_ lines: inout Buffer) -> Handover {
        let count = lines.count
        if count == 0 { return .nothing }
        let wasEmpty: Bool? = state.withLock { state in
            let wasEmpty = state.waiting.isEmpty
            if state.waiting.count + state.inHand + count > limit { return nil }
            // SAFETY: the array copies before the pointer ends.
            unsafe lines.bytes.withUnsafeBufferPointer {
                unsafe state.waiting.append(contentsOf: $0)
            }
            return wasEmpty
        }
        defer { lines.removeAll() }
        guard let wasEmpty else { return .dropped(lines: Self.lineCount(lines.bytes)) }
        return wasEmpty ? .takenFirst : .takenBehind
    }

    /// Exchanges what waits for `batch`, whose bytes are written and forgotten. Only one thread
    /// takes. Returns whether there is anything to write.
    ///
    /// What `batch` gets counts against the limit until the next call, so that a writer that
    /// stands still cannot hold a second load.
    package func take(into batch: inout [UInt8]) -> Bool {
        batch.removeAll(keepingCapacity: true)
        state.withLock { state in
            // After a burst the large storage goes, else two of it stay for good.
            if batch.capacity > Self.keptBytes && state.waiting.count < Self.keptBytes / 4 {
                batch = []
            }
            swap(&batch, &state.waiting)
            state.inHand = batch.count
        }
        return !batch.isEmpty
    }

    private static let keptBytes = 1 << 20

    private static func lineCount(_ lines: Span<UInt8>) -> Int {
        var count = 0
        for index in lines.indices where lines[index] == 0x0A { count += 1 }
        return count
    }
}
