import Testing

@testable import PorticoImage

@Suite("Turning pictures and rectangles")
struct OrientationAlgebraTests {
    private let source = try? Pictures.make(5, 3) { x, y in ImageColour(UInt8(x), UInt8(y), 0) }

    /// Where each orientation shows the stored left top pixel (EXIF 2.32 §4.6.4).
    @Test(arguments: [
        (Orientation.upright, 0, 0), (.mirrored, 4, 0), (.halfTurned, 4, 2), (.flipped, 0, 2),
        (.transposed, 0, 0), (.clockwise, 2, 0), (.transversed, 2, 4), (.anticlockwise, 0, 4),
    ])
    func `the first pixel goes where EXIF says`(_ orientation: Orientation, _ x: Int, _ y: Int)
        throws
    {
        let turned = try #require(source).turned(orientation, within: Pictures.budget())
        #expect(turned[x, y] == ImageColour(0, 0, 0))
        #expect(turned.size == orientation.size(5, 3))
    }

    @Test func `one after another is what their product does`() throws {
        let source = try #require(source)
        for first in Orientation.allCases {
            for second in Orientation.allCases {
                let twice = try source.turned(first, within: Pictures.budget())
                    .turned(second, within: Pictures.budget())
                let once = try source.turned(
                    first.followed(by: second), within: Pictures.budget())
                #expect(once.size == twice.size)
                for y in 0..<once.height {
                    for x in 0..<once.width { #expect(once[x, y] == twice[x, y]) }
                }
            }
        }
    }

    @Test(arguments: Orientation.allCases)
    func `a rectangle is found where it was stored`(_ orientation: Orientation) throws {
        let source = try #require(source)
        let turned = try source.turned(orientation, within: Pictures.budget())
        let seen = PixelRectangle(1, 0, 2, 2)
        let stored = orientation.stored(seen, of: source.size)
        #expect(orientation.seen(stored, of: source.size) == seen)
        var before: Set<[UInt8]> = []
        var after: Set<[UInt8]> = []
        for y in 0..<2 {
            for x in 0..<2 {
                let a = turned[seen.x + x, seen.y + y]
                let b = source[stored.x + x, stored.y + y]
                after.insert([a.red, a.green])
                before.insert([b.red, b.green])
            }
        }
        #expect(before == after)
    }
}
