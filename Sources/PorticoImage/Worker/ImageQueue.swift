/// Which job may start: a bounded queue and a budget of memory. Knows no process and no clock.
///
/// Each job begins with an even share of the memory. One that needs more comes back and waits for
/// half of all there is; as it is the first in line then, nobody overtakes it for ever.
struct ImageQueue<Job> {
    struct Entry {
        var job: Job
        /// Bytes that its buffers may hold.
        var allowance: Int
    }

    private let capacity: Int
    private let memory: Int
    /// What a job may have at first.
    let share: Int
    /// What one may have at most.
    let most: Int
    private var waiting: [Entry] = []
    private(set) var used = 0

    init(workers: Int, memory: Int, capacity: Int) {
        self.memory = memory
        self.capacity = capacity
        most = memory / 2
        share = min(most, memory / max(1, workers))
    }

    var count: Int { waiting.count }

    /// Whether it was taken: a full queue refuses.
    mutating func offer(_ job: Job) -> Bool {
        guard waiting.count < capacity else { return false }
        waiting.append(Entry(job: job, allowance: share))
        return true
    }

    /// The next one that may start; its allowance is in use from now on.
    mutating func next() -> Entry? {
        guard let first = waiting.first, used + first.allowance <= memory else { return nil }
        waiting.removeFirst()
        used += first.allowance
        return first
    }

    mutating func finished(_ entry: Entry) { used -= entry.allowance }

    /// It had too little. Whether it may have more: then it is the next.
    mutating func retry(_ entry: Entry) -> Bool {
        finished(entry)
        guard entry.allowance < most else { return false }
        waiting.insert(Entry(job: entry.job, allowance: most), at: 0)
        return true
    }
}
