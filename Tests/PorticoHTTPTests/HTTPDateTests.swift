import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Dates (RFC 9110 §5.6.7)")
struct HTTPDateTests {
    private func written(_ seconds: Int64) -> String {
        var buffer = Buffer()
        HTTPDate.write(seconds, into: &buffer)
        return buffer.bytes.text
    }

    private func parsed(_ text: String, now: Int64? = nil) -> Int64? {
        HTTPDate.parse(Array(text.utf8).span, now: now)
    }

    static let dates: [(Int64, String)] = [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-62_135_596_800, "Mon, 01 Jan 0001 00:00:00 GMT"),
        (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
    ]

    @Test(arguments: dates)
    func `a date is written and read`(_ seconds: Int64, _ text: String) {
        #expect(written(seconds) == text)
        #expect(parsed(text) == seconds)
        #expect(text.utf8.count == HTTPDate.byteCount)
    }

    @Test func `each day of four centuries is written and read`() {
        for day in stride(from: Int64(-146_097), to: 146_097, by: 1)
        where day % 7 == 3 || day % 365 < 3 {
            #expect(parsed(written(day * 86400 + 4711)) == day * 86400 + 4711)
        }
    }

    @Test func `what no date can name becomes the nearest that one can`() {
        #expect(written(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(written(.min) == "Sat, 01 Jan 0000 00:00:00 GMT")
    }

    @Test(arguments: [
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "sun, 06 nov 1994 08:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT",
    ])
    func `the old forms mean the same`(_ text: String) {
        #expect(parsed(text) == 784_111_777)
    }

    @Test func `two digits of a year are at most fifty years ahead`() {
        let in2026: Int64 = 1_767_225_600
        #expect(parsed("Sunday, 06-Nov-94 08:49:37 GMT", now: in2026) == 784_111_777)
        #expect(parsed("Thursday, 01-Jan-70 00:00:00 GMT", now: in2026) == 3_155_760_000)
        #expect(parsed("Thursday, 01-Jan-76 00:00:00 GMT", now: in2026) == 3_345_062_400)
        #expect(parsed("Thursday, 02-Jan-76 00:00:00 GMT", now: in2026) == 189_388_800)
        #expect(parsed("Thursday, 01-Jan-70 00:00:00 GMT") == 0)
        #expect(parsed("Thursday, 01-Jan-69 00:00:00 GMT") == 3_124_224_000)
    }

    @Test func `a leap second is the next minute's first`() {
        #expect(parsed("Sat, 31 Dec 2016 23:59:60 GMT") == 1_483_228_800)
    }

    @Test(arguments: [
        "", "0", "-1", "Sun", "Sun,", "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
    ])
    func `what is none of the three forms is no date`(_ text: String) {
        #expect(parsed(text) == nil)
    }
}
