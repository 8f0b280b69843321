import Testing

@testable import PorticoServer

@Suite("Numbers for people")
struct FigureTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "−1,000"),
    ])
    func `digits in groups`(_ number: Int, _ text: String) {
        #expect(Figure.grouped(number) == text)
    }

    @Test(arguments: [
        (0, 10, "0.0"), (4, 10, "0.4"), (99, 10, "9.9"), (100, 10, "10"), (120_400, 10, "12,040"),
        (5, 0, "5.0"),
    ])
    func `rates`(_ count: Int, _ seconds: Int, _ text: String) {
        #expect(Figure.rate(count, over: seconds) == text)
    }

    @Test(arguments: [
        (0, 0, "–"), (0, 7, "0.0 %"), (7, 7, "100 %"), (9999, 10_000, "99.9 %"), (1, 3, "33.3 %"),
    ])
    func `shares`(_ part: Int, _ whole: Int, _ text: String) {
        #expect(Figure.share(part, of: whole) == text)
    }

    @Test(arguments: [
        (640, "640 µs"), (4_250, "4.2 ms"), (99_999, "99.9 ms"), (250_000, "250 ms"),
        (1_250_000, "1.25 s"), (61_000_000, "61.00 s"),
    ])
    func `durations`(_ microseconds: Int, _ text: String) {
        #expect(Figure.duration(microseconds: microseconds) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (200 << 20, "200 MiB"),
        (Int.max, "8388607 TiB"),
    ])
    func `bytes`(_ count: Int, _ text: String) {
        #expect(Figure.bytes(count) == text)
    }
}
