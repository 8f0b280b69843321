import ArgumentParser
import Glibc
import PorticoBytes
import PorticoImage
import PorticoLoop

/// The image pipeline on files, in this process: for looking at what comes out. Not for pictures of
/// strangers; those go through the daemon's confined workers.
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Transform a picture as the daemon would.",
        discussion: """
            PARAMETERS is the query of an image's URL, such as 'width=800&format=webp'. What is \
            ignored of it is said on standard error.
            """)

    @Argument(help: "The source.", completion: .file())
    var input: String

    @Argument(help: "Where the result goes.", completion: .file())
    var output: String

    @Argument(help: "The query, without the question mark.")
    var parameters = ""

    @Option(help: "The Accept field of the client, for auto and format=auto.")
    var accept = ""

    @Flag(help: "Say sizes, time, and SSIM against the same picture without loss.")
    var report = false

    @Flag(help: "Report as one JSON object.")
    var json = false

    func run() throws {
        guard let source = try? Files.read(input, upTo: ImageLimits().inputBytes) else {
            Terminal.complain("cannot read \(input)")
            Terminal.end(.couldNot)
        }
        var accepted = AcceptedImages()
        let types = Array(accept.utf8)
        accepted.add(types.span)
        let text = Array(parameters.utf8)
        let query = ImageQuery(text.span, accepting: accepted)
        let limits = ImageLimits()
        let result: ImageResult
        let started = clock()
        do throws(ImageFailure) {
            result = try transform(source, query.request, limits)
        } catch {
            Terminal.complain("\(input): \(error.reason)")
            Terminal.end(error.blame == .us ? .couldNot : .found)
        }
        let seconds = Double(clock() - started) / Double(CLOCKS_PER_SEC)
        for warning in query.warnings + result.report.warnings {
            Terminal.complain("warning: " + warning)
        }
        guard (try? Files.replace(output, with: result.bytes)) != nil else {
            Terminal.complain("cannot write \(output)")
            Terminal.end(.couldNot)
        }
        guard report || json else { return }
        let likeness = likeness(of: result, source, query.request, limits)
        if json {
            sayJSON(result, source.count, seconds, likeness)
        } else {
            sayLines(result, source.count, seconds, likeness)
        }
    }

    private func transform(
        _ source: [UInt8], _ request: ImageRequest, _ limits: ImageLimits
    ) throws(ImageFailure) -> ImageResult {
        try ImagePipeline.run(source.span, request, within: limits)
    }

    /// SSIM against the same request coded without loss; nil where an animation would be compared.
    private func likeness(
        of result: ImageResult, _ source: [UInt8], _ request: ImageRequest, _ limits: ImageLimits
    ) -> Double? {
        var exact = request
        exact.format = .png
        exact.allowsAVIF = false
        exact.allowsWebP = false
        guard let reference = try? transform(source, exact, limits) else {
            return nil
        }
        return try? ImagePipeline.likeness(of: result.bytes, to: reference.bytes, within: limits)
    }

    private func sayLines(
        _ result: ImageResult, _ sourceBytes: Int, _ seconds: Double, _ likeness: Double?
    ) {
        let report = result.report
        Terminal.say(
            """
            from  \(report.sourceFormat.name) \(size(report.sourceSize)) \(sourceBytes) bytes
            to    \(report.format.name) \(size(report.size)) \(result.bytes.count) bytes
            cpu   \(thousandths(seconds * 1000)) ms
            """)
        if let likeness { Terminal.say("ssim  \(thousandths(likeness))") }
    }

    private func sayJSON(
        _ result: ImageResult, _ sourceBytes: Int, _ seconds: Double, _ likeness: Double?
    ) {
        let report = result.report
        Terminal.say(
            """
            {"from":{"format":"\(report.sourceFormat.name)","size":"\(size(report.sourceSize))",\
            "bytes":\(sourceBytes)},"to":{"format":"\(report.format.name)",\
            "size":"\(size(report.size))","bytes":\(result.bytes.count)},\
            "cpu_ms":\(thousandths(seconds * 1000)),\
            "ssim":\(likeness.map(thousandths) ?? "null")}
            """)
    }

    private func size(_ size: PixelSize) -> String { "\(size.width)x\(size.height)" }

    private func thousandths(_ value: Double) -> String {
        let rounded = Int((value * 1000).rounded())
        let rest = String(rounded % 1000)
        return "\(rounded / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
