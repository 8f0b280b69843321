import PorticoBytes
import PorticoTelemetry
import Testing

@Suite("Wall time")
struct WallTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"),
        (951_782_399_999_999, "2000-02-28T23:59:59.999Z", "28/Feb/2000:23:59:59 +0000"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000Z", "29/Feb/2000:00:00:00 +0000"),
        (1_767_225_600_000_000, "2026-01-01T00:00:00.000Z", "01/Jan/2026:00:00:00 +0000"),
        (1_795_231_905_042_900, "2026-11-21T03:31:45.042Z", "21/Nov/2026:03:31:45 +0000"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z", "01/Mar/2100:00:00:00 +0000"),
        (-1, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"),
        (Int.max, "9999-12-31T23:59:59.999Z", "31/Dec/9999:23:59:59 +0000"),
    ])
    func `a moment is written in both forms`(_ time: Int, _ iso: String, _ common: String) {
        var buffer = Buffer()
        WallTime.appendISO8601(microseconds: time, into: &buffer)
        #expect(buffer.bytes.text == iso)
        buffer.removeAll()
        WallTime.appendCommonLog(microseconds: time, into: &buffer)
        #expect(buffer.bytes.text == common)
    }

    @Test func `the days of 400 years follow one another`() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var (year, month, day) = (1970, 1, 1)
        for number in 0..<146_097 {
            let time = WallTime(microseconds: number * 86_400_000_000)
            guard (time.year, time.month, time.day) == (year, month, day) else {
                Issue.record("day \(number) is \(time)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            day += 1
            if day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) {
                day = 1
                month += 1
            }
            if month > 12 {
                month = 1
                year += 1
            }
        }
    }
}
