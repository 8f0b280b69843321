internal import Synchronization

/// The queue of the pool is full; the work was not taken.
package struct QueueFull: Error {}

/// Threads for work that blocks or takes long. The queue is bounded: full is an answer.
package final class BlockingPool: Sendable {
    private let queue = Mutex<[@Sendable () -> Void]>([])
    private let capacity: Int
    private let available = Semaphore()

    package init(threads: Int, capacity: Int) {
        self.capacity = capacity
        for _ in 0..<threads { startThread { [self] in serve() } }
    }

    /// Gives `input` away, works on it on a thread of the pool, and gives the result to the caller.
    package func run<Input, Output>(
        _ input: sending Input, _ work: @escaping @Sendable (sending Input) -> sending Output
    ) async throws(QueueFull) -> sending Output {
        let parcel = Parcel(input)
        let reply: Parcel<Output>? = unsafe await withUnsafeContinuation { continuation in
            let accepted = queue.withLock { queue in
                guard queue.count < capacity else { return false }
                queue.append {
                    unsafe continuation.resume(returning: Parcel(work(parcel.open())))
                }
                return true
            }
            if accepted { available.signal() } else { unsafe continuation.resume(returning: nil) }
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
