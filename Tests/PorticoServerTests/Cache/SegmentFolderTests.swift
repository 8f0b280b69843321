import Glibc
import PorticoBytes
import PorticoCache
import PorticoLoop
import Testing

@testable import PorticoServer

@Suite("The disk store's folder")
struct SegmentFolderTests {
    @Test func `objects and purges survive in real files, within the bound`() throws {
        var template = Array("/tmp/portico-segments-XXXXXX".utf8CString)
        let path = unsafe String(cString: try #require(unsafe mkdtemp(&template)))
        let folder = Folder(path: path)
        defer {
            for name in (try? folder.names()) ?? [] { try? folder.remove(name) }
            unsafe rmdir(path)
        }
        let geometry = try #require(DiskGeometry(diskBytes: 2 << 20))
        let now = Instant(nanoseconds: 1)
        let purge = JournalRecord(.tag, sequence: PurgeJournal.gap + 1, at: 5, key: [1, 2, 3])
        do {
            let store = try DiskStore(in: SegmentFolder(path: path), geometry: geometry) { _ in
            } replay: { _ in
            }
            for number in 0..<100 {
                try store.append(Self.record(number), body: Self.body(number).span, at: now)
            }
            #expect(store.commit(through: store.journal.submit([purge])))
        }
        var held = 0
        for name in try folder.names() { held += try folder.open(name, isNew: false).size }
        #expect(held <= 2 << 20)
        #expect(held > 1 << 20)
        #expect(try folder.space().available > 0)
        var replayed: [JournalRecord] = []
        let store = try DiskStore(in: SegmentFolder(path: path), geometry: geometry) { _ in
        } replay: {
            replayed.append($0)
        }
        while store.loadNext() {}
        #expect(replayed == [purge])
        #expect(store.figures.damaged == 0)
        let record = Self.record(99)
        let key = store.digest(record.key.span)
        let location = try #require(store.newest(of: key))
        let opened = store.open(key, location, is: record.key.span)
        let object = try #require(opened)
        #expect(object.descriptor != nil)
        #expect(object.read(0..<object.bodyLength) == Self.body(99))
    }

    @Test func `what the system says becomes a fault`() throws {
        let missing = Folder(path: "/nonexistent")
        #expect(throws: IOFault.system(ENOENT)) { try missing.names() }
        #expect(DiskFault(IOFault.system(ENOSPC)) == .full)
        #expect(DiskFault(IOFault.system(EIO)) == .system(EIO))
    }

    private static func record(_ number: Int) -> DiskRecord {
        DiskRecord(
            key: Array("k\(number)".utf8), status: 200, head: [], times: DiskTimes(receivedAt: 0),
            fillSequence: .max)
    }

    private static func body(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(number), count: 30_000 + number)
    }
}
