import PorticoBytes
import Testing

@testable import PorticoImage

@Suite("The steps in pixels (the contract's §3, §4)")
struct ImagePlanTests {
    static func plan(
        _ query: String, _ width: Int = 600, _ height: Int = 400, frames: Int = 1,
        hasAlpha: Bool = false, format: ImageFormat = .png, orientation: Orientation = .upright,
        accept: String = ""
    ) throws(ImageFailure) -> ImagePlan {
        let request = ImageQueryTests.query(query, accept: accept).request
        let source = ImageSource(
            format: format, width: width, height: height, orientation: orientation,
            hasAlpha: hasAlpha, frames: frames, isLossless: format == .png || format == .gif)
        return try ImagePlan(request, of: source, within: ImageLimits())
    }

    @Test(arguments: [
        ("width=300", 300, 200), ("height=100", 150, 100), ("width=0.5", 300, 200),
        ("width=50p", 300, 200), ("width=33.3p", 200, 133), ("width=301", 301, 201),
        ("width=300&height=300", 300, 300), ("width=1200", 600, 400),
        ("width=200p&enable=upscale", 1200, 800), ("width=200&dpr=2", 400, 267),
        ("width=200&dpr=1.5", 300, 200), ("width=400&dpr=2", 600, 400), ("dpr=2", 600, 400),
        ("dpr=2&enable=upscale", 1200, 800), ("width=1200&height=1200&fit=crop", 400, 400),
        ("width=1200&height=400", 600, 200), ("width=200&height=200&fit=bounds", 200, 133),
        ("width=200&height=200&fit=cover", 300, 200), ("width=200&height=200&fit=crop", 200, 200),
        ("width=200&height=200", 200, 200), ("trim=25", 550, 350), ("trim=10,20", 560, 380),
        ("trim=10,20,30", 560, 360), ("trim=1,2,3,4", 594, 396), ("trim=0.25", 300, 200),
        ("trim=10p", 480, 320), ("pad=10", 620, 420), ("pad=10,20", 640, 420),
        ("pad=1,2,3,4", 606, 404), ("width=300&pad=10p", 360, 240), ("canvas=800,500", 800, 500),
        ("canvas=1:1", 600, 600), ("canvas=150p,150p", 900, 600), ("orient=r", 400, 600),
        ("width=240&height=300&fit=bounds&canvas=240:300&dpr=2", 480, 600),
        ("width=240&height=300&fit=bounds&canvas=240,300&dpr=2", 240, 300),
        ("canvas=4:3&pad=10", 600, 450), ("width=300&height=50&fit=bounds", 75, 50),
        ("width=1200&height=300&fit=bounds", 450, 300), ("crop=1:1&width=120&height=60", 120, 60),
    ])
    func `the examples' sizes`(_ query: String, _ width: Int, _ height: Int) throws {
        #expect(try Self.plan(query).size == PixelSize(width, height))
    }

    @Test func `never below one pixel`() throws {
        #expect(try Self.plan("width=1", 3000, 1).size == PixelSize(1, 1))
        #expect(try Self.plan("width=0.1p").size == PixelSize(1, 1))
        #expect(try Self.plan("crop=1000000:1").region == PixelRectangle(0, 200, 600, 1))
    }

    @Test(arguments: [
        ("crop=300,200", 150, 100, 300, 200), ("crop=300,200,x0,y0", 0, 0, 300, 200),
        ("crop=0.5,0.5", 150, 100, 300, 200), ("crop=50p,100,x10p,y5", 60, 5, 300, 100),
        ("crop=1:1", 100, 0, 400, 400), ("crop=1:1,offset-x0", 0, 0, 400, 400),
        ("crop=1:1,offset-x10&width=100", 20, 0, 400, 400), ("crop=16:9", 0, 31, 600, 338),
        ("crop=700,100,safe", 0, 150, 600, 100), ("crop=2:3", 167, 0, 267, 400),
        ("crop=200,200,x500,y300,safe", 500, 300, 100, 100),
        ("precrop=400,400&crop=200,100,x0,y0", 100, 0, 200, 100),
        ("precrop=500,300&trim=10&crop=1:1&orient=r", 160, 60, 280, 280),
    ])
    func `the examples' regions`(_ query: String, _ x: Int, _ y: Int, _ width: Int, _ height: Int)
        throws
    {
        #expect(try Self.plan(query).region == PixelRectangle(x, y, width, height))
    }

    @Test(arguments: [
        ("crop=700,100", ImageFailure.cropOutside), ("crop=300,200,x400,y0", .cropOutside),
        ("crop=100,100,x600,safe", .cropOutside), ("precrop=601,1", .cropOutside),
        ("trim=200,0", .trimmedAway), ("trim=1000000000", .trimmedAway),
        ("width=9000&enable=upscale", .outputTooLarge), ("canvas=9000,100", .outputTooLarge),
        ("width=8192&height=8192&pad=1&enable=upscale", .outputTooLarge),
        ("width=9000&enable=upscale&canvas=10,10", .outputTooLarge),
        ("width=100000p&dpr=10&enable=upscale", .outputTooLarge),
    ])
    func `what cannot be made of the picture`(_ query: String, _ failure: ImageFailure) {
        #expect(throws: failure) { try Self.plan(query) }
        #expect(failure.blame == .request)
    }

    @Test(arguments: [
        ("canvas=800,500", 100, 50), ("canvas=800,500,x0,y0", 0, 0),
        ("canvas=800,500,offset-x10,offset-y90", 20, 90), ("canvas=1:1", 0, 100),
        ("canvas=300,200", -150, -100), ("pad=1,2,3,4", 4, 1),
        ("width=240&height=300&fit=bounds&canvas=240:300", 0, 70),
    ])
    func `where the picture lies on its sheet`(_ query: String, _ x: Int, _ y: Int) throws {
        let sheet = try #require(try Self.plan(query).sheet)
        #expect(sheet.x == x)
        #expect(sheet.y == y)
    }

    @Test func `a crop to fit keeps the middle`() throws {
        let plan = try Self.plan("width=200&height=200&fit=crop")
        #expect(plan.scaled == PixelSize(300, 200))
        #expect(plan.window == PixelRectangle(50, 0, 200, 200))
    }

    @Test func `coordinates count on the upright picture, unless orient replaces the metadata's`()
        throws
    {
        let upright = try Self.plan("width=60", 80, 120, orientation: .clockwise)
        #expect(upright.uprighting == .clockwise)
        #expect(upright.region == PixelRectangle(0, 0, 120, 80))
        #expect(upright.size == PixelSize(60, 40))
        let explicit = try Self.plan("orient=1", 80, 120, orientation: .clockwise)
        #expect(explicit.uprighting == .upright)
        #expect(explicit.size == PixelSize(80, 120))
    }

    @Test func `an animation is bounded by all its frames together`() throws {
        #expect(throws: ImageFailure.outputTooLarge) {
            try Self.plan("width=4000&enable=upscale", frames: 10, format: .gif)
        }
        #expect(
            try Self.plan("width=4000&enable=upscale&frame=1", frames: 10, format: .gif).size
                == PixelSize(4000, 2667))
    }

    // MARK: - Colours and formats

    @Test func `what cannot be transparent becomes white`() throws {
        let jpeg = try Self.plan("format=jpg&pad=10", hasAlpha: true)
        #expect(jpeg.background == .white)
        #expect(jpeg.sheet?.colour == .white)
        let png = try Self.plan("pad=10", hasAlpha: true)
        #expect(png.background == nil)
        #expect(png.sheet?.colour == .transparent)
        #expect(try Self.plan("pad=10").sheet?.colour == .white)
        #expect(try Self.plan("pad=10&bg-color=f00").sheet?.colour == ImageColour(255, 0, 0))
    }

    @Test(arguments: [
        ("", "", ImageFormat.png, ImageFormat.png, false),
        ("format=webp", "", .png, .webp, true), ("format=webp", "", .jpeg, .webp, false),
        ("format=webp&quality=70", "", .png, .webp, false),
        ("format=webp&optimize=low", "", .png, .webp, false),
        ("format=webpll", "", .jpeg, .webp, true), ("format=webply", "", .png, .webp, false),
        ("auto=webp", "image/webp", .png, .webp, true),
        ("auto=webp&format=pjpg", "image/webp", .png, .webp, false),
        ("auto=webp&format=png", "image/webp", .jpeg, .webp, true),
        ("auto=avif,webp", "image/webp,image/avif", .png, .avif, false),
        ("auto=avif", "image/webp", .jpeg, .jpeg, false),
    ])
    func `the output's format, and whether it is lossless`(
        _ query: String, _ accept: String, _ source: ImageFormat, _ format: ImageFormat,
        _ isLossless: Bool
    ) throws {
        let output = try Self.plan(query, format: source, accept: accept).output
        #expect(output.format == format)
        #expect(output.isLossless == isLossless)
    }

    @Test func `an animation becomes WebP but never AVIF`() throws {
        let both = "image/avif,image/webp"
        let moving = try Self.plan("auto=avif,webp", frames: 3, format: .gif, accept: both).output
        #expect(moving.format == .webp)
        #expect(moving.isAnimated)
        let still = try Self.plan(
            "auto=avif,webp&frame=1", frames: 3, format: .gif, accept: both
        ).output
        #expect(still.format == .avif)
        #expect(!still.isAnimated)
        #expect(try !Self.plan("format=png", frames: 3, format: .gif).output.isAnimated)
    }

    @Test func `what AVIF would take too long for is negotiated to the next`() throws {
        let both = "image/avif,image/webp"
        let large = try Self.plan("auto=avif,webp", 3000, 2000, format: .jpeg, accept: both)
        #expect(large.output.format == .webp)
        #expect(
            try Self.plan("auto=avif", 3000, 2000, format: .jpeg, accept: both).output.format
                == .jpeg)
        #expect(
            try Self.plan("auto=avif&width=2000", 3000, 2000, format: .jpeg, accept: both)
                .output.format == .avif)
        #expect(
            try Self.plan("auto=avif&canvas=3000,2000", format: .jpeg, accept: both)
                .output.format == .jpeg)
        #expect(
            try Self.plan("format=avif", 3000, 2000, format: .jpeg).output.format == .avif)
    }

    @Test func `the second quality is for what was negotiated`() throws {
        let query = "quality=90,30&auto=webp"
        #expect(try Self.plan(query, format: .jpeg).output.quality == 90)
        #expect(
            try Self.plan(query, format: .jpeg, accept: "image/webp").output.quality == 30)
        #expect(try Self.plan("", format: .jpeg).output.quality == 85)
    }

    @Test func `only what is merely coded anew may stay as it is`() throws {
        #expect(try Self.plan("").mayKeepSource)
        #expect(try Self.plan("quality=30").mayKeepSource)
        #expect(try Self.plan("optimize=low&auto=webp").mayKeepSource)
        #expect(try !Self.plan("width=5000").mayKeepSource)
        #expect(try !Self.plan("", orientation: .clockwise).mayKeepSource)
        #expect(try !Self.plan("format=jpg").mayKeepSource)
    }

    @Test func `whatever is asked, the result is bounded and inside`() {
        var random = SystemRandomNumberGenerator()
        let parts = [
            "width=77", "width=0.3", "height=900p", "height=5", "dpr=3.3", "fit=crop", "fit=cover",
            "fit=bounds", "enable=upscale", "crop=3:1", "crop=50p,30p,x10p", "crop=9,9,safe",
            "precrop=1:2,offset-y100", "trim=10p,0.2", "trim=3", "orient=7", "canvas=7:9,x-1",
            "canvas=40p,300p,offset-x0", "pad=3,50p",
        ]
        for _ in 0..<5000 {
            let query = (0..<5).map { _ in parts.randomElement(using: &random) ?? "" }
                .joined(separator: "&")
            let (width, height) = (
                Int.random(in: 1...300, using: &random), Int.random(in: 1...300, using: &random)
            )
            guard let plan = try? Self.plan(query, width, height) else { continue }
            let region = plan.region
            #expect(region.x >= 0 && region.y >= 0 && region.width > 0 && region.height > 0)
            #expect(region.x + region.width <= width && region.y + region.height <= height)
            #expect(plan.window.x + plan.window.width <= plan.scaled.width, "\(query)")
            #expect(plan.window.y + plan.window.height <= plan.scaled.height, "\(query)")
            #expect(plan.size.width <= 8192 && plan.size.height <= 8192)
        }
    }
}
