import PorticoBytes
import Testing

@testable import PorticoImage

/// The cases and pictures beside the repository, as far as they can be judged without a second
/// decoder: status, format, size, frames, single pixels.
@Suite("The shared cases", .enabled(if: Pictures.hasShared, "../shared/images is absent"))
struct CorpusTests {
    private func accepted(_ test: JSONValue) -> AcceptedImages {
        var accepted = AcceptedImages()
        if let line = test["headers"]?["Accept"]?.text { accepted.add(Array(line.utf8).span) }
        return accepted
    }

    @Test func `each case comes out in its format and size`() throws {
        let file = try #require(Pictures.shared("cases.json"))
        let cases = try #require(JSONValue(file.span)?["cases"]?.elements)
        #expect(!cases.isEmpty)
        for test in cases {
            let id = test["id"]?.text ?? "?"
            let name = test["file"]?.text ?? ""
            if name.hasSuffix(".svg") { continue }
            let source = try #require(Pictures.shared("corpus/\(name)"))
            let query = ImageQuery(
                Array((test["params"]?.text ?? "").utf8).span, accepting: accepted(test))
            let expected = try #require(test["expect"])
            do throws(ImageFailure) {
                let result = try ImagePipeline.run(
                    source.span, query.request, within: ImageLimits())
                #expect(expected["error"] == nil, "\(id)")
                judge(result, expected, id)
            } catch {
                #expect(expected["error"] != nil, "\(id): \(error)")
                #expect((error.blame == .request) == (expected["status"]?.integer == 400), "\(id)")
            }
        }
    }

    private func judge(_ result: ImageResult, _ expected: JSONValue, _ id: String) {
        if let format = expected["format"]?.text {
            #expect(result.report.format.name.description == format, "\(id)")
        }
        guard let seen = try? Pictures.decoded(result.bytes) else {
            Issue.record("\(id): what was made cannot be read")
            return
        }
        if let size = expected["size"]?.elements.map({ $0.integer ?? 0 }) {
            #expect([seen.width, seen.height] == size, "\(id)")
        }
        if let frames = expected["frames"]?.integer {
            #expect((try? SourceCount.frames(result.bytes)) == frames, "\(id)")
        }
        if let alpha = expected["alpha"]?.flag {
            seen.settleOpacity()
            #expect(seen.isOpaque == !alpha, "\(id)")
        }
        for pixel in expected["px"]?.elements ?? [] {
            let parts = pixel.elements
            let place = (parts[0].integer ?? 0, parts[1].integer ?? 0)
            let colour = seen[place.0, place.1]
            let channels = [colour.red, colour.green, colour.blue, colour.alpha].map(Int.init)
            for (channel, wanted) in zip(channels, parts[2].elements) {
                let apart = abs(channel - (wanted.integer ?? 0))
                #expect(apart <= (parts[3].integer ?? 0), "\(id): \(place) is \(channels)")
            }
        }
    }

    @Test func `each file is decoded or refused as the manifest says`() throws {
        let file = try #require(Pictures.shared("manifest.json"))
        for entry in try #require(JSONValue(file.span)?["files"]?.elements) {
            let name = entry["file"]?.text ?? ""
            guard let source = Pictures.shared("corpus/\(name)") else { continue }
            let result = try? Pictures.run(source, "width=64")
            switch entry["expect"]?.text {
            case "decode": #expect(result != nil, "\(name)")
            case "reject", "passthrough": #expect(result == nil, "\(name)")
            default: break
            }
        }
    }
}
