import Glibc
import PorticoBytes
import PorticoImage
import PorticoLoop

// Damaged pictures through real worker processes: `FuzzPictures SECONDS FOUND FILE...`. Run by
// Tests/Fuzz/run. What a process dies of, or hangs over, is written to the folder FOUND; then the
// status is 1. Run with `image-worker`, it is such a process.

let words = CommandLine.arguments
if words.count == 3, words[1] == "image-worker", let memory = Int(words[2]) {
    ImageWorkerProcess.run(memory: memory) {
        source, overlay, request, limits throws(ImageFailure) in
        try ImagePipeline.run(source, overlay: overlay, request, within: limits)
    }
}
guard words.count > 3, let seconds = Int(words[1]) else {
    print("usage: FuzzPictures SECONDS FOUND FILE...")
    exit(64)
}
let seeds = try words[3...].map { try Files.read($0, upTo: 1 << 20) }
let worker = Worker()
let end = monotonicNow() + .seconds(Int64(seconds))
let found = words[2]
worker.send { reactor in
    var running = 2
    let tally = Lane.Tally()
    for number in 0..<2 {
        reactor.start {
            await Lane(number, on: reactor, tally: tally).run(seeds, until: end, into: found)
            running -= 1
            if running == 0 {
                print("\(tally.made) made, \(tally.refused) refused, \(tally.lost) processes lost")
                exit(tally.lost == 0 ? 0 : 1)
            }
        }
    }
}
worker.run()
