/// Why the disk store did not do what it was asked. None of these is the client's business: the
/// answer is served from memory or from the origin.
package enum DiskFault: Error, Equatable, Sendable {
    /// No space is left on the device.
    case full
    /// What the system said of a file, as errno.
    case system(Int32)
    /// The object does not fit into one segment.
    case tooLarge
    /// Readers hold too many reclaimed segments; another one cannot be begun within the bound.
    case busy
    /// The disk failed a moment ago and is left alone for a while.
    case resting
    /// The fetch began before a purge that the journal has since forgotten.
    case outdated
    /// The body that came was not as long as announced.
    case wrongLength
    /// The record that was to be moved is not what was written.
    case damaged
    /// The folder has been given to another process.
    case givenAway

    /// Whether it speaks of the disk, so that the next object would fare no better.
    package var isOfDisk: Bool {
        switch self {
        case .full, .system: true
        case .tooLarge, .busy, .resting, .outdated, .wrongLength, .damaged, .givenAway: false
        }
    }
}

/// What an operator should hear of; each is told once, when it begins.
package enum DiskEvent: Equatable, Sendable {
    /// Objects are not written any more; those on disk are still read.
    case failing(DiskFault)
    case recovered
    /// There was no readable journal: what the folder held was thrown away.
    case begunAnew
    /// A purge in the journal could not be read: everything on disk counts as purged.
    case journalDamaged
    /// More purges are remembered than the journal may hold: everything on disk counts as purged
    /// once the process starts again.
    case journalOverflowed
    /// Purges cannot be made durable.
    case journalFailing(DiskFault)
    /// The index knows all segments.
    case loaded(objects: Int, skipped: Int)
}
