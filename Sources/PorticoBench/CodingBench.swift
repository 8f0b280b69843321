import Glibc
import PorticoBytes
import PorticoCoding
import PorticoHTTP

/// What content codings cost and gain at each level, over files of text:
/// `swift run -c release PorticoBench coding FILE…`. nginx compresses with zlib at level 1 unless
/// told otherwise, most operators set 4 to 6; Caddy has gzip at 5 and zstd's and Brotli's middle.
struct CodingBench {
    private let pages: [[UInt8]]

    init(_ paths: [String]) {
        pages = paths.compactMap { path in
            let text = try? Self.read(path)
            if text == nil { print("\(path) cannot be read") }
            return text
        }
    }

    func run() {
        let total = pages.reduce(0) { $0 + $1.count }
        guard total > 0 else { return print("PorticoBench coding FILE…") }
        print("\(pages.count) files, \(total >> 10) KiB; coding, level, ratio, ms of CPU per MB")
        let levels: [(ContentCoding, ClosedRange<Int>)] = [
            (.gzip, 1...9), (.brotli, 1...9), (.zstd, 1...12),
        ]
        for (coding, range) in levels {
            for level in range { report(coding, level, total) }
        }
    }

    private func report(_ coding: ContentCoding, _ level: Int, _ total: Int) {
        let clock = ContinuousClock()
        var best = Duration.seconds(600)
        var made = 0
        for _ in 0..<3 {
            made = 0
            let taken = clock.measure {
                for page in pages {
                    guard var coder = Coder(encoding: coding, level: level, size: page.count)
                    else { continue }
                    made += (try? coder.whole(page.span))?.count ?? 0
                }
            }
            best = min(best, taken)
        }
        let kept = Compression.level(of: coding, isKept: true) == level ? " kept" : ""
        let passing = Compression.level(of: coding, isKept: false) == level ? " passing" : ""
        let ratio = Double(total) / Double(max(made, 1))
        let cost = Double(best.nanoseconds) / 1e6 / (Double(total) / 1e6)
        print("\(coding) \(level): \(tenths(ratio)) \(tenths(cost))\(kept)\(passing)")
    }

    private func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }

    private static func read(_ path: String) throws -> [UInt8]? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe fread(&piece, 1, piece.count, file)
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }
}
