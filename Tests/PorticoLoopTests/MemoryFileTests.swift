import PorticoBytes
import PorticoLoop
import Testing

@Suite("Files in memory")
struct MemoryFileTests {
    @Test func `what was written is read, in pieces and at once`() throws {
        let file = try MemoryFile(named: "test")
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try file.write(Array(bytes[..<100_000]).span, at: 0)
        try file.write(Array(bytes[100_000...]).span, at: 100_000)
        try file.seal()
        #expect(file.count == bytes.count)
        var pieces: [UInt8] = []
        try file.forEachPiece(of: bytes.count) { pieces += $0.array }
        #expect(pieces == bytes)
        #expect(file.withBytes(of: bytes.count) { $0.equals(bytes.span) } == true)
    }

    @Test func `a sealed file stays as it is`() throws {
        let file = try MemoryFile(named: "test")
        try file.write([1, 2].span, at: 0)
        try file.seal()
        #expect(throws: IOFault.self) { try file.write([3].span, at: 0) }
        #expect(throws: IOFault.self) { try file.write([3].span, at: 2) }
    }

    @Test func `what is not there is a fault`() throws {
        let file = try MemoryFile(named: "test")
        try file.write([1].span, at: 0)
        #expect(throws: IOFault.self) { try file.forEachPiece(of: 2) { _ in } }
    }
}
