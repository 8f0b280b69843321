import PorticoBytes
import Testing

@testable import PorticoImage

@Suite("Image parameters (the contract's §2, §4)")
struct ImageQueryTests {
    static func query(_ text: String, accept: String = "") -> ImageQuery {
        var accepted = AcceptedImages()
        accepted.add(Array(accept.utf8).span)
        return ImageQuery(Array(text.utf8).span, accepting: accepted)
    }

    static func normal(_ text: String, accept: String = "") -> String {
        String(decoding: query(text, accept: accept).request.normalForm, as: UTF8.self)
    }

    @Test(arguments: [
        ("", ""),
        ("width=300", "width=300"),
        ("width=300.5", "width=301"),
        ("width=0.5", "width=50p"),
        ("width=50P", "width=50p"),
        ("width=33.30p", "width=33.3p"),
        ("height=100&width=200&fit=BOUNDS", "fit=bounds&height=100&width=200"),
        ("width=200&fit=crop", "width=200"),
        ("width=100&width=200", "width=200"),
        ("dpr=1&brightness=0&contrast=0&saturation=0", ""),
        ("dpr=1.50", "dpr=1.5"),
        ("enable=upscale", "enable=upscale"),
        ("disable=upscale&enable=upscale", ""),
        ("crop=240:300", "crop=4:5"),
        ("crop=1.91:1", "crop=191:100"),
        ("crop=300%2C200,offset-x50", "crop=300,200"),
        ("crop=300,200,safe,y5,offset-x10", "crop=300,200,offset-x10,y5,safe"),
        ("canvas=1:1&pad=10", "canvas=1:1"),
        ("pad=10,20", "pad=10,20,10,20"),
        ("trim=0", ""),
        ("bg-color=a22", "bg-color=170,34,34"),
        ("bg-color=CF23a5", "bg-color=207,35,165"),
        ("bg-color=255,0,0,1", "bg-color=255,0,0"),
        ("bg-color=255,0,0,0", "bg-color=255,0,0,0"),
        ("orient=r", "orient=6"),
        ("orient=hv", "orient=3"),
        ("format=jpeg", "format=jpg"),
        ("format=PJPEG", "format=pjpg"),
        ("resize-filter=linear", "resize-filter=bilinear"),
        ("resize-filter=lanczos", ""),
        ("quality=75,60", "quality=75"),
        ("quality=80&optimize=high", "quality=80"),
        ("sharpen=a0,r2,t0", ""),
        ("sharpen=a1.5,r2,t0", "sharpen=a1.5,r2,t0"),
        ("blur=1p", "blur=1p"),
        ("trim-color=auto,t0.5", "trim-color=auto,t0.5"),
        ("trim-color=255,255,255,1", "trim-color=255,255,255"),
        ("frame=1&metadata=copyright", "frame=1&metadata=copyright"),
        ("nonsense=5&Width=3&_=17", ""),
        ("viewbox=1&profile=main&level=4.1", ""),
        ("%77idth=5", "width=5"),
    ])
    func `a query has one normal form`(_ text: String, _ expected: String) {
        #expect(Self.normal(text) == expected)
        #expect(Self.query(text).warnings.isEmpty)
    }

    @Test(arguments: [
        "width=0", "width=-5", "width=abc", "width=", "width", "width=1e3", "width=5.", "width=0p",
        "width=100001p", "width=%zz", "dpr=0.5", "dpr=11", "fit=weird", "crop=300",
        "crop=100,100,x0,offset-x5", "crop=1:0", "crop=1:1,smart,safe", "crop=100,100,",
        "crop=100,100,offset-x101", "canvas=12", "canvas=1:1,safe", "trim=1,2,3,4,5", "pad=x",
        "trim-color=nocolour", "trim-color=fff,t2", "bg-color=300,0,0", "bg-color=1,2",
        "bg-color=fffff", "orient=9", "orient=0", "brightness=101", "contrast=-101",
        "saturation=abc", "sharpen=5", "sharpen=a1,r0,t0", "sharpen=a1,r1", "blur=0.4",
        "blur=1001", "bw=maybe", "frame=2", "format=jxl", "format=xyz", "auto=jxl", "quality=0",
        "quality=101", "quality=80,0", "quality=80,70,60", "optimize=best", "metadata=all",
        "resize-filter=magic", "enable=all", "disable=x", "viewbox=2", "profile=x", "level=9",
    ])
    func `a malformed value is ignored with a warning that names it`(_ text: String) {
        let query = Self.query(text)
        #expect(query.request == ImageRequest())
        let name = text.prefix { $0 != "=" }
        #expect(query.warnings.count == 1)
        #expect(query.warnings.first?.hasPrefix("\(name): ") ?? false)
        #expect(!(query.warnings.first?.contains(",") ?? true))
    }

    @Test func `smart has no effect with pixels, and says so`() {
        let query = Self.query("crop=100,100,smart")
        #expect(query.warnings.count == 1)
        #expect(Self.normal("crop=100,100,smart") == "crop=100,100")
        #expect(Self.normal("crop=1:1,smart") == "crop=1:1,smart")
    }

    @Test(arguments: [
        ("auto=webp", "image/avif,image/webp,*/*;q=0.8", "auto=webp"),
        ("auto=avif,webp", "image/avif,image/webp", "auto=avif,webp"),
        ("auto=webp", "image/*,*/*", ""),
        ("auto=webp", "image/webp;q=0,*/*", ""),
        ("auto=webp", "image/webp; q=0.000", ""),
        ("auto=webp", "Image/WebP", "auto=webp"),
        ("format=auto", "image/webp", "auto=webp"),
        ("format=auto&auto=webp", "image/avif", "auto=avif"),
        ("auto=webp&format=png", "image/webp", "auto=webp&format=png"),
        ("auto=webp&quality=90,30", "image/webp", "auto=webp&quality=90,30"),
        ("auto=webp&quality=90,30", "", "quality=90"),
    ])
    func `what Accept does not name is not offered`(
        _ text: String, _ accept: String, _ expected: String
    ) {
        #expect(Self.normal(text, accept: accept) == expected)
        #expect(Self.query(text, accept: accept).negotiates)
        #expect(!Self.query("width=1", accept: accept).negotiates)
    }

    @Test func `what the operator offers to all counts as asked for`() {
        var accepted = AcceptedImages()
        accepted.webp = true
        let query = ImageQuery(Array("width=5".utf8).span, accepting: accepted, auto: [.webp])
        #expect(query.negotiates)
        #expect(query.request.allowsWebP)
    }

    @Test func `hints fill in what the query leaves open`() {
        var hints = ImageHints()
        hints.take(dpr: Array("2".utf8).span)
        hints.take(width: Array("320".utf8).span)
        hints.take(saveData: Array("on".utf8).span)
        var open = Self.query("format=jpg")
        open.take(hints)
        #expect(open.request.normalForm == Array("dpr=2&format=jpg&optimize=high&width=320".utf8))
        var closed = Self.query("dpr=3&width=10&quality=5")
        closed.take(hints)
        #expect(closed.request.normalForm == Array("dpr=3&quality=5&width=10".utf8))
    }

    @Test func `any normal form says the request that it was made of`() {
        for text in ImageQueryTests.samples {
            let request = Self.query(text, accept: "image/webp,image/avif").request
            let form = request.normalForm
            #expect(ImageRequest(normalForm: form.span) == request, "\(text)")
        }
    }

    static let samples = [
        "bg-color=1,2,3,0.5&width=33.3p&height=0.1&fit=cover&dpr=2.25", "auto=webp&quality=5,6",
        "precrop=50p,10,x5p,offset-y33.3&crop=16:9,smart,offset-y0&trim=1,2,3p,0.25&orient=5",
        "trim-color=fff,t0.125&canvas=150p,200,x3,y4&brightness=-12.5&contrast=3&saturation=7",
        "bw=atkinson&sharpen=a5,r2,t9&blur=2.5&frame=1&format=png8&metadata=copyright,c2pa",
        "pad=1,2p,3,0.5&enable=upscale&resize-filter=nearest&optimize=low&trim-color=0,255,0,0",
    ]

    @Test func `no bytes trap`() {
        var state: UInt64 = 7
        let alphabet = Array("width=crop&,:px.0123456789%2C-offsetyafbu".utf8)
        for _ in 0..<20_000 {
            var text: [UInt8] = []
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            let request = ImageQuery(text.span).request
            #expect(ImageRequest(normalForm: request.normalForm.span) == request)
        }
    }
}
