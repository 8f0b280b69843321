import PorticoBytes
import Testing

@testable import PorticoHTTP2

@Suite("Heads of frames (RFC 9113 §4.1)")
struct FrameWalkerTests {
    private static let frames: [Frame] = [
        .settings, Frame(type: 1, flags: 0, stream: 1, payload: [1, 2, 3]),
        Frame(type: 9, flags: 4, stream: 1, payload: [4]), .data(1, []),
        Frame(
            type: 0x42, flags: 0xFF, stream: 0xFFFF_FFFF, payload: Array(repeating: 9, count: 300)),
        .data(3, [1, 2], ends: true),
    ]

    private func walk(_ pieces: [ArraySlice<UInt8>]) -> [FrameWalker.Head] {
        var walker = FrameWalker()
        var heads: [FrameWalker.Head] = []
        for piece in pieces {
            let piece = Array(piece)
            var index = 0
            while let head = walker.next(in: piece.span, from: &index) { heads.append(head) }
            #expect(index == piece.count)
        }
        return heads
    }

    @Test func `each head is found once, wherever the bytes are cut`() {
        let bytes = Frame.preface + Self.frames.flatMap(\.bytes)
        let whole = walk([bytes[...]])
        #expect(whole.map(\.length) == [0, 3, 1, 0, 300, 2])
        #expect(whole.map(\.type) == [.settings, .headers, .continuation, .data, nil, .data])
        #expect(whole.map(\.stream) == [0, 1, 1, 1, 0x7FFF_FFFF, 3])
        for cut in 0...bytes.count { #expect(walk([bytes[..<cut], bytes[cut...]]) == whole) }
        #expect(walk(bytes.indices.map { bytes[$0..<$0 + 1] }) == whole)
    }

    @Test func `a header section is open from its first byte to its last`() {
        var walker = FrameWalker()
        func take(_ bytes: [UInt8]) {
            var index = 0
            while walker.next(in: bytes.span, from: &index) != nil {}
        }
        take(Frame.preface + Frame.settings.bytes)
        #expect(!walker.hasOpenSection)
        let head = Frame(type: 1, flags: 4, stream: 1, payload: [1, 2]).bytes
        take(Array(head.dropLast()))
        #expect(walker.hasOpenSection)
        take(Array(head.suffix(1)))
        #expect(!walker.hasOpenSection)
        take(Frame(type: 1, stream: 3, payload: [1, 2]).bytes)
        #expect(walker.hasOpenSection && walker.isWithinSection)
        take(Frame(type: 9, flags: 4, stream: 3, payload: []).bytes)
        #expect(!walker.hasOpenSection && !walker.isWithinSection)
    }
}
