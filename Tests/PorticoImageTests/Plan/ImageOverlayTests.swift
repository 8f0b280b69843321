import PorticoBytes
import Testing

@testable import PorticoImage

@Suite("Overlays")
struct ImageOverlayTests {
    private func overlay(_ text: String) -> ImageOverlay? { ImageOverlay(Array(text.utf8).span) }

    @Test(arguments: [
        "overlay=/logo.png",
        "overlay=/a%26b%25.png?v=2&overlay-align=bottom,right&overlay-height=50p&overlay-pad=1,2,3,4",
        "overlay=/logo.png&overlay-align=top,center&overlay-repeat=both&overlay-width=30",
    ])
    func `what is written reads back as the same`(_ text: String) throws {
        var request = ImageRequest()
        request.width = .pixels(300)
        let overlay = try #require(self.overlay(text) as ImageOverlay?)
        request.overlay = overlay
        let form = request.normalForm
        #expect(ImageRequest(normalForm: form.span) == request)
        #expect(String(decoding: form, as: UTF8.self) == "width=300&" + text)
        let message = JobMessage(request, ImageLimits(), sourceBytes: 1, overlayBytes: 7)
        #expect(JobMessage(message.bytes) == message)
    }

    @Test func `one target has one spelling`() {
        #expect(overlay("overlay=%2Flogo.png") == overlay("overlay=/logo.png"))
        #expect(overlay("overlay-base64=L2xvZ28ucG5n") == overlay("overlay=/logo.png"))
        #expect(overlay("overlay-base64=L2xvZ28uanBnPw==") == overlay("overlay=/logo.jpg?"))
    }

    @Test(arguments: [
        "", "overlay=", "overlay=logo.png", "overlay=//other.example/x.png", "overlay=/%5Cother/x",
        "overlay=http://other.example/x.png", "overlay=/a%0d%0ab", "overlay=/a%20b",
        "overlay-width=3", "overlay-base64=!", "overlay=\\other",
    ])
    func `what is no path of the same site is none`(_ text: String) {
        #expect(overlay(text) == nil)
    }

    @Test func `a query names none`() {
        #expect(ImageQueryTests.query("overlay=/logo.png&width=3").request.overlay == nil)
    }

    private func drawn(_ text: String) throws -> Bitmap {
        let white = try Pictures.make(20, 10) { _, _ in ImageColour(255, 255, 255, 255) }
        let mark = try Pictures.make(4, 2) { x, _ in ImageColour(255, 0, 0, x == 0 ? 0 : 255) }
        let query = ImageQuery(Array("format=png".utf8).span)
        var request = query.request
        request.overlay = overlay("overlay=/x.png&" + text)
        let source = try Pictures.coded(white, .png)
        let cover = try Pictures.coded(mark, .png)
        let result = try ImagePipeline.run(
            source.span, overlay: cover.span, request, within: ImageLimits())
        return try Pictures.decoded(result.bytes)
    }

    /// Columns and rows that have any red.
    private func extent(_ picture: Bitmap) -> (x: [Int], y: [Int]) {
        func isRed(_ x: Int, _ y: Int) -> Bool { picture[x, y].green < 128 }
        return (
            (0..<20).filter { x in (0..<10).contains { isRed(x, $0) } },
            (0..<10).filter { y in (0..<20).contains { isRed($0, y) } }
        )
    }

    @Test(arguments: [
        ("", 9...11, 4...5), ("overlay-align=top,left", 1...3, 0...1),
        ("overlay-align=bottom,right", 17...19, 8...9),
        ("overlay-align=bottom,right&overlay-pad=1,2,3,4", 15...17, 5...6),
        ("overlay-align=middle,left&overlay-pad=10p", 3...5, 4...5),
    ])
    func `it lies where it is told to`(
        _ text: String, _ x: ClosedRange<Int>, _ y: ClosedRange<Int>
    ) throws {
        let seen = try extent(drawn(text))
        #expect(seen.x == Array(x))
        #expect(seen.y == Array(y))
    }

    @Test func `it is repeated over the whole picture`() throws {
        let seen = try extent(drawn("overlay-repeat=both"))
        #expect(seen.y == Array(0..<10))
        // A column of each copy is transparent.
        #expect(seen.x == (0..<20).filter { $0 % 4 != 0 })
        #expect(try extent(drawn("overlay-repeat=x")).y == [4, 5])
    }

    @Test func `its size is a share of the picture's, clipped by it`() throws {
        #expect(try extent(drawn("overlay-width=0.5&overlay-align=top,left")).y == Array(0...4))
        #expect(try extent(drawn("overlay-width=200p")).y == Array(0..<10))
    }

    @Test func `a damaged one is a failure, not a picture without it`() throws {
        var request = ImageRequest()
        request.overlay = overlay("overlay=/x.png")
        let source = try Pictures.coded(Pictures.scene(20, 10), .png)
        let cover: [UInt8] = [1, 2, 3]
        var failure: ImageFailure?
        do throws(ImageFailure) {
            _ = try ImagePipeline.run(
                source.span, overlay: cover.span, request, within: ImageLimits())
        } catch {
            failure = error
        }
        #expect(failure == .unsupported)
    }
}
