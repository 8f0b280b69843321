/// Lets the others of a worker have their turn while one body moves on and on.
///
/// Where both sockets stay ready nothing ever waits, and one transfer between fast peers would
/// keep all other connections of its worker waiting until its end.
struct Turns {
    /// Moves of up to 64 KiB: about a megabyte, or a millisecond.
    private static let most = 16

    private var left = Turns.most

    /// To be called after each move.
    mutating func yieldNowAndThen() async {
        left -= 1
        if left > 0 { return }
        left = Self.most
        await Task.yield()
    }
}
