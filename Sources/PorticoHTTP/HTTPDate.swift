package import PorticoBytes

/// Dates of HTTP (RFC 9110 §5.6.7), as whole seconds since 1970-01-01 00:00:00 UTC.
///
/// All arithmetic is in the proleptic Gregorian calendar, years 0 to 9999.
package enum HTTPDate {
    /// The last second of the year 9999.
    private static let last: Int64 = 253_402_300_799
    /// The first second of the year 0.
    private static let first: Int64 = -62_167_219_200

    /// How many bytes `write` appends.
    package static let byteCount = 29

    /// Appends an IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT". What lies outside the years that
    /// it can name becomes the nearest second inside.
    package static func write(_ seconds: Int64, into buffer: inout Buffer) {
        let seconds = min(max(seconds, first), last)
        var day = seconds / 86400
        var second = seconds % 86400
        if second < 0 {
            second += 86400
            day -= 1
        }
        let date = civil(day)
        buffer.append(weekdays[Int((day % 7 + 11) % 7)])
        buffer.append(", ")
        append(date.day, to: &buffer)
        buffer.append(0x20)
        buffer.append(months[Int(date.month) - 1])
        buffer.append(0x20)
        append(date.year / 100, to: &buffer)
        append(date.year % 100, to: &buffer)
        buffer.append(0x20)
        append(second / 3600, to: &buffer)
        buffer.append(0x3A)
        append(second / 60 % 60, to: &buffer)
        buffer.append(0x3A)
        append(second % 60, to: &buffer)
        buffer.append(" GMT")
    }

    /// Reads any of the three forms; nil for everything else, a wrong day of the week excepted:
    /// who gets that wrong still means the date.
    ///
    /// - Parameter now: Unix seconds; decides the century of the RFC 850 form (a date that seems
    ///   to lie more than 50 years ahead is in the past). Without it, 70 to 99 are of the last century.
    package static func parse(_ text: Span<UInt8>, now: Int64? = nil) -> Int64? {
        var scanner = Scanner(text)
        guard let word = scanner.letters() else { return nil }
        if scanner.skip(0x2C) {
            guard scanner.skip(0x20), let day = scanner.number(digits: 2) else { return nil }
            if scanner.skip(0x2D) {
                guard longWeekdays.contains(where: { text.extracting(word).equalsFolded($0) }),
                    let month = scanner.month(), scanner.skip(0x2D),
                    let short = scanner.number(digits: 2), scanner.skip(0x20),
                    let second = scanner.timeOfDay(), scanner.skipGMT(), scanner.isAtEnd
                else { return nil }
                return century(of: short, day, month, second, now)
            }
            guard isShortWeekday(text.extracting(word)), scanner.skip(0x20),
                let month = scanner.month(), scanner.skip(0x20),
                let year = scanner.number(digits: 4), scanner.skip(0x20),
                let second = scanner.timeOfDay(), scanner.skipGMT(), scanner.isAtEnd
            else { return nil }
            return seconds(year, month, day, second)
        }
        // asctime: "Sun Nov  6 08:49:37 1994"
        guard isShortWeekday(text.extracting(word)), scanner.skip(0x20),
            let month = scanner.month(), scanner.skip(0x20)
        else { return nil }
        let digits = scanner.skip(0x20) ? 1 : 2
        guard let day = scanner.number(digits: digits), scanner.skip(0x20),
            let second = scanner.timeOfDay(), scanner.skip(0x20),
            let year = scanner.number(digits: 4), scanner.isAtEnd
        else { return nil }
        return seconds(year, month, day, second)
    }

    // MARK: - Calendar

    private static let weekdays: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longWeekdays: [StaticString] = [
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    ]
    private static let shortWeekdays: [StaticString] = [
        "sun", "mon", "tue", "wed", "thu", "fri", "sat",
    ]
    fileprivate static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    fileprivate static let lowerMonths: [StaticString] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private static func isShortWeekday(_ word: Span<UInt8>) -> Bool {
        shortWeekdays.contains { word.equalsFolded($0) }
    }

    private static func append(_ number: Int64, to buffer: inout Buffer) {
        buffer.append(UInt8(truncatingIfNeeded: number / 10) &+ 0x30)
        buffer.append(UInt8(truncatingIfNeeded: number % 10) &+ 0x30)
    }

    private static func century(
        of short: Int64, _ day: Int64, _ month: Int64, _ second: Int64, _ now: Int64?
    ) -> Int64? {
        guard let now else {
            return seconds(short < 70 ? 2000 + short : 1900 + short, month, day, second)
        }
        let bounded = min(max(now, first), last)
        let ahead = civil(bounded / 86400).year + 50
        var year = ahead - ahead % 100 + short
        if year > ahead { year -= 100 }
        guard year >= 0, let answer = seconds(year, month, day, second) else { return nil }
        // In the fiftieth year itself, the day decides.
        if year == ahead, let limit = seconds(ahead, civil(bounded / 86400).month, 1, 0),
            answer > limit + (civil(bounded / 86400).day - 1) * 86400 + 86399
        {
            return seconds(year - 100, month, day, second)
        }
        return answer
    }

    private static func seconds(
        _ year: Int64, _ month: Int64, _ day: Int64, _ second: Int64
    ) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length: Int64 =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        guard day >= 1, day <= length else { return nil }
        return days(year, month, day) * 86400 + second
    }

    /// Days since 1970-01-01. Years begin in March here, so that the leap day is a year's last;
    /// 400 years have 146097 days.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = year + 400 - (month <= 2 ? 1 : 0)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear
            - 719_468 - 146_097
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468 + 146_097
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + (era - 1) * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    private struct Scanner: ~Escapable {
        private let text: Span<UInt8>
        private var index = 0

        @_lifetime(copy text)
        init(_ text: Span<UInt8>) { self.text = text }

        var isAtEnd: Bool { index == text.count }

        mutating func skip(_ byte: UInt8) -> Bool {
            guard index < text.count, text[index] == byte else { return false }
            index += 1
            return true
        }

        mutating func letters() -> Range<Int>? {
            let start = index
            while index < text.count, ASCII.isLetter(text[index]) { index += 1 }
            return index == start ? nil : start..<index
        }

        mutating func number(digits: Int) -> Int64? {
            guard index + digits <= text.count else { return nil }
            var value: Int64 = 0
            for _ in 0..<digits {
                guard ASCII.isDigit(text[index]) else { return nil }
                value = value * 10 + Int64(text[index] &- 0x30)
                index += 1
            }
            return value
        }

        /// From 1.
        mutating func month() -> Int64? {
            guard let word = letters() else { return nil }
            let name = text.extracting(word)
            return HTTPDate.lowerMonths.firstIndex { name.equalsFolded($0) }.map { Int64($0) + 1 }
        }

        /// "08:49:37"; a leap second counts as the first of the next minute.
        mutating func timeOfDay() -> Int64? {
            guard let hour = number(digits: 2), hour < 24, skip(0x3A),
                let minute = number(digits: 2), minute < 60, skip(0x3A),
                let second = number(digits: 2), second <= 60
            else { return nil }
            return hour * 3600 + minute * 60 + second
        }

        mutating func skipGMT() -> Bool {
            guard skip(0x20), let word = letters() else { return false }
            // Case matters in the grammar (RFC 9110 §5.6.7); who writes "gmt" means no other zone.
            return text.extracting(word).equalsFolded("gmt")
        }
    }
}
