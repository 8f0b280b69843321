internal import Synchronization

/// The queue of the pool is full; the work was not taken.
package struct QueueFull: Error {}

/// Threads for work that blocks or takes long. The queue is bounded: full is an answer.
package final class BlockingPool: Sendable {
    private let queue = Mutex<[@Sendable () -> Void]>([])
    private let capacity: Int
    private let available = Semaphore()
    private let isImmediate: Bool

    package init(threads: Int, capacity: Int) {
        self.capacity = capacity
        isImmediate = false
        for _ in 0..<threads { startThread { [self] in serve() } }
    }

    private init() {
        capacity = 0
        isImmediate = true
    }

    /// Works at once and on the caller's thread: for tests, in which nothing blocks.
    package static let immediate = BlockingPool()

    /// Has `work` done without waiting for it; false if the queue is full.
    package func offer(_ work: @escaping @Sendable () -> Void) -> Bool {
        if isImmediate {
            work()
            return true
        }
        let accepted = queue.withLock { queue in
            guard queue.count < capacity else { return false }
            queue.append(work)
            return true
        }
        if accepted { available.signal() }
        return accepted
    }

    /// How much is waiting.
    package var backlog: Int { queue.withLock { $0.count } }

    /// Gives `input` away, works on it on a thread of the pool, and gives the result to the caller.
    package func run<Input, Output>(
        _ input: sending Input, _ work: @escaping @Sendable (sending Input) -> sending Output
    ) async throws(QueueFull) -> sending Output {
        if isImmediate { return work(input) }
        let parcel = Parcel(input)
        let reply: Parcel<Output>? = unsafe await withUnsafeContinuation { continuation in
            let accepted = offer {
                unsafe continuation.resume(returning: Parcel(work(parcel.open())))
            }
            if !accepted { unsafe continuation.resume(returning: nil) }
        }
        guard let reply else { throw QueueFull() }
        return reply.open()
    }

    private func serve() {
        while true {
            available.wait()
            queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }?()
        }
    }
}

/// Carries one value from one thread to another; opened exactly once.
private final class Parcel<Value>: Sendable {
    private let content: Mutex<Value?>

    init(_ value: sending Value) { content = Mutex(value) }

    func open() -> sending Value {
        content.withLock { content in
            guard let value = content.take() else { preconditionFailure("a parcel opened twice") }
            return value
        }
    }
}
