import PorticoBytes
import PorticoCache
import PorticoServer

/// The disk store at its size: a million objects of 1 kB with 20 tags each, a restart over them,
/// and what a purge waits for. `swift run -c release PorticoBench disk FOLDER`: an empty one, on
/// the device in question.
struct DiskBench {
    private let folder: String
    private let count: Int
    private let clock = ContinuousClock()
    private let geometry: DiskGeometry
    private let body = [UInt8](repeating: 0x78, count: 1000)

    init?(folder: String, count: Int, disk: Int) {
        guard let geometry = DiskGeometry(diskBytes: disk) else { return nil }
        self.folder = folder
        self.count = count
        self.geometry = geometry
    }

    func run() throws {
        try write()
        let store = try restart()
        try read(store)
        try purge(store)
    }

    private func open() throws -> DiskStore {
        try DiskStore(
            in: SegmentFolder(path: folder), geometry: geometry, report: { print("  \($0)") },
            replay: { _ in })
    }

    private func write() throws {
        let store = try open()
        try time("write an object", count) {
            for index in 0..<count {
                try store.append(record(index), body: body.span, at: Instant(nanoseconds: 1))
            }
        }
        let figures = store.figures
        print("  index: \(figures.indexBytes / max(1, figures.objects)) bytes an object")
        print("  on disk: \(figures.writtenBytes / count) bytes an object")
        print("  \(figures.objects) objects in \(figures.segments) segments")
    }

    private func restart() throws -> DiskStore {
        var store: DiskStore?
        try time("restart until requests are served", 1) { store = try open() }
        guard let store else { throw DiskFault.damaged }
        try time("restart until the index is complete", 1) { while store.loadNext() {} }
        print("  \(store.figures.objects) objects")
        return store
    }

    private func read(_ store: DiskStore) throws {
        var found = 0
        try time("look an absent key up", 1_000_000) {
            for index in 0..<1_000_000 {
                if store.newest(of: store.digest(key(-index).span)) != nil { found += 1 }
            }
        }
        try time("open an object and compare its checksums (page cache)", 100_000) {
            for index in 0..<100_000 {
                let key = key(index * 7919 % count)
                let digest = store.digest(key.span)
                guard let place = store.newest(of: digest),
                    let object = store.open(digest, place, is: key.span),
                    object.verify(0..<object.bodyLength)
                else { continue }
                found += 1
            }
        }
        print("  \(found) found")
    }

    private func purge(_ store: DiskStore) throws {
        var number = store.journal.firstSequence
        func purges(_ count: Int) -> [JournalRecord] {
            (0..<count).map { index in
                number += 1
                return JournalRecord(
                    .tag, sequence: number, at: 0, site: bytes("shop"), key: bytes("p\(index)"))
            }
        }
        var isDurable = true
        try time("purge and wait for the device", 200) {
            for _ in 0..<200 {
                isDurable = store.commit(through: store.journal.submit(purges(1))) && isDurable
            }
        }
        try time("256 purges and one wait", 50) {
            for _ in 0..<50 {
                isDurable = store.commit(through: store.journal.submit(purges(256))) && isDurable
            }
        }
        if !isDurable { print("  not durable") }
    }

    private func key(_ index: Int) -> [UInt8] {
        bytes("s\nshop.example\n/product/\(index)-a-name-of-some-length.html\n")
    }

    private func record(_ index: Int) -> DiskRecord {
        var tags = Buffer()
        for tag in 0..<20 {
            tags.append(bytes("c\((index &* 31 &+ tag &* 7919) % 100_000)\n").span)
        }
        return DiskRecord(
            key: key(index), status: 200, head: [UInt8](repeating: 0x68, count: 240),
            tags: tags.bytes.array, annex: [UInt8](repeating: 0x61, count: 120),
            times: DiskTimes(receivedAt: 0), fillSequence: 1 << 40)
    }

    private func time(_ name: String, _ rounds: Int, _ body: () throws -> Void) throws {
        let spent = try clock.measure(body)
        print("\(name): \(spent.nanoseconds / UInt64(rounds)) ns")
    }
}
