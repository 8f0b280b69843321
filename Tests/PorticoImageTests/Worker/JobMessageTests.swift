import PorticoBytes
import Testing

@testable import PorticoImage

@Suite("Messages between daemon and worker process")
struct JobMessageTests {
    private let report = ImageReport(
        sourceFormat: .jpeg, sourceSize: PixelSize(4000, 3000), format: .webp,
        size: PixelSize(800, 600), warnings: ["two EXIF blocks"])

    @Test func `a job is read as it was written`() {
        let request = ImageQueryTests.query("width=300&auto=webp", accept: "image/webp").request
        var limits = ImageLimits()
        limits.memoryBytes = 77
        limits.quality = 60
        let message = JobMessage(request, limits, sourceBytes: 12345, coding: .gzip)
        #expect(JobMessage(message.bytes) == message)
        for cut in 0..<104 { #expect(JobMessage(Array(message.bytes[..<cut])) == nil) }
    }

    @Test func `a reply is read as it was written, and cut anywhere it is none`() {
        let reply = ReplyMessage(.made(report, bytes: 4711))
        #expect(ReplyMessage(reply.bytes) == reply)
        for cut in 0..<43 { #expect(ReplyMessage(Array(reply.bytes[..<cut])) == nil) }
        for failure in [
            ImageFailure.cropOutside, .trimmedAway, .outputTooLarge, .unsupported, .unparsable,
            .sourceTooLarge, .overLimit,
        ] {
            let reply = ReplyMessage(.failed(failure))
            #expect(ReplyMessage(reply.bytes) == reply)
        }
    }

    @Test func `a reply from an attacker is refused or harmless`() {
        #expect(ReplyMessage([99]) == nil)
        #expect(ReplyMessage([1, 1]) == nil)
        var bytes = ReplyMessage(.made(report, bytes: 1)).bytes
        bytes[2] = 77
        #expect(ReplyMessage(bytes) == nil)
        bytes[2] = 1
        for index in 3..<11 { bytes[index] = 0xFF }
        #expect(ReplyMessage(bytes) == nil)
        let evil = ImageReport(
            sourceFormat: .jpeg, sourceSize: PixelSize(1, 1), format: .webp, size: PixelSize(1, 1),
            warnings: ["a\r,b"])
        guard
            case .made(let read, _)? = ReplyMessage(
                ReplyMessage(.made(evil, bytes: 1)).bytes
            )?.outcome
        else { return #expect(Bool(false)) }
        #expect(read.warnings == ["a  b"])
    }
}
