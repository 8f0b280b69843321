import Glibc
import PorticoBytes
import PorticoImage
import PorticoLoop
import PorticoMutation
import Synchronization

/// One process, and one picture after the other through it: so it is known which one it died of.
final class Lane {
    /// What has come of all pictures so far.
    final class Tally {
        var made = 0
        var refused = 0
        var lost = 0
    }

    /// Every step of the pipeline that depends on the picture, and every encoder.
    private static let queries = [
        "",
        "width=16&format=png",
        "crop=1:1,smart&width=8&format=jpg",
        "trim-color=auto&format=gif",
        "height=9&orient=r&format=webply",
        "metadata=copyright&quality=50",
        "format=png8&dpr=2",
        "frame=1&format=avif&width=20",
        "canvas=4:3&bg-color=f00&format=pjpg",
        "format=webpll",
        "optimize=high&format=webp",
        "blur=2&sharpen=a2,r2,t1&format=gif",
        "bw=atkinson&format=png",
        "width=300p&enable=upscale&resize-filter=bicubic",
        "format=webp",
        "auto=webp&quality=70,60",
    ]

    private let number: Int
    private let reactor: Reactor
    private let tally: Tally
    private let counters = ImageCounters()
    private let workers: ImageWorkers
    private let room = ImageSourceRoom(1 << 30)
    private let limits: ImageLimits

    init(_ number: Int, on reactor: Reactor, tally: Tally) {
        self.tally = tally
        self.number = number
        self.reactor = reactor
        workers = ImageWorkers(on: reactor, workers: 1, memory: 128 << 20, counters: counters)
        // Small enough for thousands of tries; what is larger is refused by the same check.
        var limits = ImageLimits()
        limits.inputPixels = 1_000_000
        limits.animationPixels = 2_500_000
        limits.outputSide = 1024
        self.limits = limits
    }

    func run(_ seeds: [[UInt8]], until end: Instant, into folder: String) async {
        var dice = Mutator(seed: UInt64(bitPattern: wallNow()) &+ UInt64(number))
        while reactor.now < end {
            let bytes = dice.damage(seeds[dice.roll(seeds.count)])
            let query = Self.queries[dice.roll(Self.queries.count)]
            if bytes.isEmpty { continue }
            let before = counters.lost.load(ordering: .relaxed)
            switch await transform(bytes, query) {
            case .made?: tally.made += 1
            case .failed?, nil: tally.refused += 1
            }
            if counters.lost.load(ordering: .relaxed) == before { continue }
            tally.lost += 1
            let name = "\(folder)/\(number)-\(tally.lost)"
            print("a process was lost: \(name), query '\(query)'")
            try? Files.replace(name, with: bytes)
        }
    }

    private func transform(_ bytes: [UInt8], _ query: String) async -> ImageErrand.Outcome? {
        guard let file = try? MemoryFile(named: "fuzz"),
            (try? file.write(bytes.span, at: 0)) != nil, (try? file.seal()) != nil,
            let share = room.reserve(bytes.count)
        else { return nil }
        let point = WaitPoint(reactor.timers)
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        var accepted = AcceptedImages()
        accepted.webp = true
        let deadline = reactor.now + .seconds(10)
        let job = ImageErrand(
            ImageQuery(Array(query.utf8).span, accepting: accepted).request, of: file,
            bytes: bytes.count, in: share, within: limits, begunBy: deadline, by: deadline,
            wake: { waker.wake() })
        workers.submit(job)
        while job.look() == nil { _ = await point.wait(by: deadline + .seconds(5)) }
        return job.look()
    }
}
