import ArgumentParser
import PorticoImage

/// What the daemon runs to decode pictures; of no use to anybody else.
struct ImageWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image-worker", abstract: "Transform pictures for the daemon.",
        shouldDisplay: false)

    @Argument(help: "Bytes that the buffers of one picture may hold.")
    var memory: Int

    func run() {
        ImageWorkerProcess.run(memory: memory) {
            source, overlay, request, limits throws(ImageFailure) in
            try ImagePipeline.run(source, overlay: overlay, request, within: limits)
        }
    }
}
