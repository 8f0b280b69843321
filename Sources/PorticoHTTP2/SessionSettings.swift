/// What a session allows its peer.
package struct SessionSettings: Sendable {
    package enum Role: Sendable {
        case server, client
    }

    package var role: Role
    /// Streams of the peer at a time.
    package var streams = 128
    /// A header section: names and values, and four bytes for each line as HTTP/1.1 would need.
    package var headBytes = 64 << 10
    /// The same for PURGE and BAN, where such a peer may have more; never fewer than `headBytes`.
    package var purgeBytes = 0
    package var headLines = 128
    /// A request's path and query.
    package var targetBytes = 16 << 10
    /// How much of a body is taken before somebody reads it. On a path of 50 ms, 5 MB/s.
    package var streamWindow = 256 << 10
    /// The same for all streams together: what a peer can make a connection hold.
    package var connectionWindow = 1 << 20
    /// The library's own memory. Some 40 KiB are usual; heads that wait to be sent count here.
    package var memory = 4 << 20

    /// Beyond this a section is not looked at.
    var mostHeadBytes: Int { max(headBytes, purgeBytes) }

    package init(role: Role) { self.role = role }
}
