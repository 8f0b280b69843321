package import PorticoBytes

/// A point in Unix time as people write it, always in UTC.
///
/// Computed without the C library, whose conversions take a lock for the time zone. Times outside
/// of the years 1970 to 9999 are written as the nearest of these.
package struct WallTime {
    package let year: Int, month: Int, day: Int
    package let hour: Int, minute: Int, second: Int
    package let millisecond: Int

    package init(microseconds: Int) {
        let clamped = min(max(microseconds, 0), 253_402_300_799_999_999)
        let seconds = clamped / 1_000_000
        millisecond = clamped / 1000 % 1000
        let (days, inDay) = seconds.quotientAndRemainder(dividingBy: 86400)
        hour = inDay / 3600
        minute = inDay / 60 % 60
        second = inDay % 60
        // Howard Hinnant's civil_from_days: years that begin in March put the leap day last, so
        // that a month's place follows from the day alone. Day 0 is 0000-03-01.
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// `2026-01-01T00:00:00.000Z` (RFC 3339).
    package static func appendISO8601(microseconds: Int, into buffer: inout Buffer) {
        let time = WallTime(microseconds: microseconds)
        time.appendISO8601Seconds(into: &buffer)
        buffer.append(time.millisecond, digits: 3)
        buffer.append(0x5A)
    }

    /// `01/Jan/2026:00:00:00 +0000`, the time of the common log format.
    package static func appendCommonLog(microseconds: Int, into buffer: inout Buffer) {
        WallTime(microseconds: microseconds).appendCommonLog(into: &buffer)
    }

    /// All up to the point before the milliseconds, which is the same for a whole second.
    func appendISO8601Seconds(into buffer: inout Buffer) {
        buffer.append(year, digits: 4)
        buffer.append(0x2D)
        buffer.append(month, digits: 2)
        buffer.append(0x2D)
        buffer.append(day, digits: 2)
        buffer.append(0x54)
        appendTimeOfDay(into: &buffer)
        buffer.append(0x2E)
    }

    func appendCommonLog(into buffer: inout Buffer) {
        buffer.append(day, digits: 2)
        buffer.append(0x2F)
        buffer.append(monthName)
        buffer.append(0x2F)
        buffer.append(year, digits: 4)
        buffer.append(0x3A)
        appendTimeOfDay(into: &buffer)
        buffer.append(" +0000")
    }

    private func appendTimeOfDay(into buffer: inout Buffer) {
        buffer.append(hour, digits: 2)
        buffer.append(0x3A)
        buffer.append(minute, digits: 2)
        buffer.append(0x3A)
        buffer.append(second, digits: 2)
    }

    private var monthName: StaticString {
        switch month {
        case 1: "Jan"
        case 2: "Feb"
        case 3: "Mar"
        case 4: "Apr"
        case 5: "May"
        case 6: "Jun"
        case 7: "Jul"
        case 8: "Aug"
        case 9: "Sep"
        case 10: "Oct"
        case 11: "Nov"
        default: "Dec"
        }
    }
}

extension Buffer {
    /// Appends a number that is not negative with leading zeros.
    mutating func append(_ number: Int, digits: Int) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            append(UInt8(truncatingIfNeeded: number / unit % 10) &+ 0x30)
            unit /= 10
        }
    }
}
