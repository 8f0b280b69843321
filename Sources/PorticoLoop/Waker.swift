/// Rings one wait point of a worker from any thread.
///
/// A wait point belongs to its worker and never leaves it; what crosses the threads is the worker's
/// mailbox and a number. The ring arrives in a later turn, and whoever waits looks again at what
/// it waits for: a ring says that something may have happened, not what.
package struct Waker: Sendable {
    let worker: Worker
    let id: UInt64

    package func wake() {
        let id = id
        worker.send { $0.ring(id) }
    }
}
