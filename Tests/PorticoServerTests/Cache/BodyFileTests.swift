import PorticoBytes
import PorticoCache
import PorticoHTTP
import Testing

@testable import PorticoServer

@Suite("The file that bodies lie in")
struct BodyFileTests {
    private static let size = 64 << 10

    private func bytes(of file: any StoredFile, at offset: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 9, count: Self.size)
        #expect(try file.read(into: &bytes, 0..<Self.size, at: offset) == Self.size)
        return bytes
    }

    private func store() throws -> MemoryStore {
        let file = try #require(BodyFile(memory: 64 << 20))
        return MemoryStore(
            StoreLimits(memory: 64 << 20, maxObject: 16 << 20), ledger: PurgeLedger(),
            backing: file)
    }

    /// A complete body of one chunk.
    private func body(_ fill: UInt8, in store: MemoryStore) throws -> GrowingBody {
        guard var writer = store.makeBody(expecting: Self.size) else {
            Issue.record("too large")
            throw CancellationError()
        }
        let body = writer.body
        _ = writer.append([UInt8](repeating: fill, count: Self.size).span)
        writer.finish()
        return body
    }

    /// Where it stands in the file; as if it were sent.
    private func send(_ body: GrowingBody) throws -> (file: any StoredFile, range: Range<Int>) {
        guard var reader = body.reader(),
            let (file, range) = reader.nextInFile(atLeast: 1, upTo: .max)
        else {
            Issue.record("in no file")
            throw CancellationError()
        }
        return (file, range)
    }

    @Test func `what is sent from the file is what was written`() throws {
        let store = try store()
        let body = try body(7, in: store)
        let (file, range) = try send(body)
        #expect(range.count == Self.size)
        #expect(try bytes(of: file, at: range.lowerBound).allSatisfy { $0 == 7 })
    }

    @Test func `pages that may wait in a socket are given back, not written again`() throws {
        let store = try store()
        var sent: (file: any StoredFile, range: Range<Int>)?
        do { sent = try send(try body(7, in: store)) }
        let (file, range) = try #require(sent)
        #expect(try bytes(of: file, at: range.lowerBound).allSatisfy { $0 == 0 })
    }

    @Test func `chunks that stand one behind the other go as one`() throws {
        let store = try store()
        let whole = (0..<4 * Self.size).map { UInt8(truncatingIfNeeded: $0 / 1000) }
        guard var writer = store.makeBody(expecting: whole.count) else { return }
        let body = writer.body
        _ = writer.append(whole.span)
        writer.finish()
        guard var reader = body.reader() else { return }
        var sent: [UInt8] = []
        while sent.count < whole.count,
            let (file, range) = reader.nextInFile(atLeast: 1, upTo: whole.count - sent.count)
        {
            var bytes = [UInt8](repeating: 0, count: range.count)
            #expect(
                try file.read(into: &bytes, 0..<range.count, at: range.lowerBound) == range.count)
            sent += bytes
            reader.advance(by: range.count)
        }
        #expect(sent == whole)
    }

    @Test func `small bodies are in no file`() throws {
        let store = try store()
        guard var writer = store.makeBody(expecting: 100) else { return }
        _ = writer.append([UInt8](repeating: 1, count: 100).span)
        let body = writer.body
        writer.finish()
        guard var reader = body.reader() else {
            Issue.record("not kept")
            return
        }
        let isInFile = reader.nextInFile(atLeast: 1, upTo: .max) != nil
        #expect(!isInFile)
    }
}
