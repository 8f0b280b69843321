import PorticoBytes
import Testing

@testable import PorticoImage

@Suite("Metadata of sources")
struct MetadataTests {
    private func exif(_ block: [UInt8]) -> EXIF? {
        unsafe block.withUnsafeBufferPointer { bytes in
            EXIF(unsafe SourceBytes(bytes), 0..<bytes.count)
        }
    }

    /// One entry of type SHORT, for an orientation.
    private func block(isLittle: Bool, orientation: UInt8) -> [UInt8] {
        isLittle
            ? Array("II".utf8) + [
                42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0,
            ]
                + [0, 0, 0, 0, 0, 0]
            : Array("MM".utf8) + [
                0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation,
            ]
                + [0, 0, 0, 0, 0, 0]
    }

    @Test(arguments: [true, false])
    func `an orientation is read in either byte order`(_ isLittle: Bool) {
        for value in 1...8 {
            let found = exif(block(isLittle: isLittle, orientation: UInt8(value)))
            #expect(found?.orientation.rawValue == UInt8(value))
        }
        #expect(exif(block(isLittle: isLittle, orientation: 9))?.orientation == .upright)
    }

    @Test func `a block that is cut anywhere harms nobody`() {
        let whole = block(isLittle: false, orientation: 6)
        for cut in 0..<whole.count {
            let found = exif(Array(whole[..<cut]))
            #expect(found?.orientation ?? .upright == (cut < 22 ? .upright : .clockwise))
        }
    }

    @Test func `rights that are written are read again`() {
        var rights = ImageRights()
        rights.artist = Array("A. Person".utf8)
        rights.copyright = Array("me".utf8)
        let found = exif(rights.exif)
        #expect(found?.rights.artist == rights.artist)
        #expect(found?.rights.copyright == rights.copyright)
        let whole = rights.exif
        for cut in 0..<whole.count { _ = exif(Array(whole[..<cut])) }
    }

    @Test func `XMP and IPTC tell rights too`() {
        let packet = Array(
            "<x><dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">(c) Shop</rdf:li></rdf:Alt>".utf8
        )
        let rights = unsafe packet.withUnsafeBufferPointer { bytes in
            XMP.rights(unsafe SourceBytes(bytes), 0..<bytes.count)
        }
        #expect(rights.copyright == Array("(c) Shop".utf8))
        #expect(rights.artist.isEmpty)
        let record: [UInt8] = [0x1C, 2, 116, 0, 4] + Array("ours".utf8)
        let resource =
            Array("Photoshop 3.0\0".utf8) + Array("8BIM".utf8) + [4, 4, 0, 0, 0, 0, 0]
            + [UInt8(record.count)] + record
        for cut in 0...resource.count {
            let found = unsafe resource[..<cut].withUnsafeBufferPointer { bytes in
                IPTC.rights(unsafe SourceBytes(bytes), 0..<bytes.count)
            }
            #expect(found.copyright == (cut == resource.count ? Array("ours".utf8) : []))
        }
    }

    @Test func `metadata=copyright keeps the rights, and nothing else does`() throws {
        var rights = ImageRights()
        rights.copyright = Array("Copyright Portico".utf8)
        let jpeg = try Pictures.coded(Pictures.scene(64, 48), .jpeg)
        let exif = Array("Exif\0\0".utf8) + rights.exif
        let head: [UInt8] = [0xFF, 0xE1, 0, UInt8(exif.count + 2)]
        let source = Array(jpeg[..<2]) + head + exif + jpeg[2...]
        for format in ["jpg", "png", "webp", "avif"] {
            let kept = try Pictures.run(source, "width=32&metadata=copyright&format=\(format)")
            let text = Array("Copyright Portico".utf8)
            #expect(contains(kept.bytes, text))
            let dropped = try Pictures.run(source, "width=32&format=\(format)")
            #expect(!contains(dropped.bytes, text))
        }
        // Nor when the source's coded data are sent.
        let plain = try Pictures.run(source, "quality=100")
        #expect(plain.bytes == jpeg)
    }

    private func contains(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
        guard bytes.count >= text.count else { return false }
        return (0...(bytes.count - text.count)).contains {
            bytes[$0] == text[0] && bytes[$0..<$0 + text.count].elementsEqual(text)
        }
    }
}
