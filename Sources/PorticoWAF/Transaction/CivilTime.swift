/// A moment of the Gregorian calendar in UTC.
struct CivilTime {
    let year: Int
    /// 1...12, 1...31.
    let month: Int, day: Int
    let hour: Int, minute: Int, second: Int
    /// 0: Sunday.
    let weekday: Int

    /// Days are counted as in "chrono-Compatible Low-Level Date Algorithms" (H. Hinnant): years
    /// begin in March, so that the leap day is the last.
    init(epochSeconds: Int64) {
        // Beyond that, nobody has a clock.
        let seconds = Int(max(0, min(epochSeconds, 253_402_300_799)))
        let days = seconds / 86400
        let rest = seconds % 86400
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        weekday = (days + 4) % 7
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
