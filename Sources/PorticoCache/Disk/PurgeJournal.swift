internal import PorticoBytes
internal import Synchronization

/// The purges that must outlive the process, in one file that is only appended to, and rewritten
/// when it has grown.
///
/// Whoever answers 200 to a purge first submits it, which takes a short lock, and then commits,
/// which returns when it is on the device. Commits that meet share one `fdatasync`: the first
/// writes all that was submitted, and the others find theirs done.
///
/// The journal also holds the secret under which segments are written. A folder whose journal is
/// lost has lost its purges, so its segments must not be believed: without the secret, they are
/// not.
package final class PurgeJournal: Sendable {
    static let name = "journal"
    static let draftName = "journal.new"
    /// Sequences after a start begin so far above the last one in the journal, since some may
    /// have been given out that never reached it.
    package static let gap: UInt64 = 1 << 32

    private static let magic: UInt64 = 0x4C41_4E52_554F_4A50
    private static let version: UInt32 = 1
    private static let headBytes = 64
    /// Set aside ahead of the end, so that a full disk does not stop purges at once.
    private static let ahead = 256 << 10
    /// While the disk fails, purges wait for it; more than this become one of everything.
    private static let maxUnwritten = 1 << 18

    /// How far the purges submitted by then reach.
    package struct Ticket: Comparable, Sendable {
        fileprivate var number: UInt64
        package static func < (left: Ticket, right: Ticket) -> Bool { left.number < right.number }
    }

    private struct Pending {
        var purges: [JournalRecord] = []
        var submitted = Ticket(number: 0)
    }

    private struct State {
        var file: (any StoredFile)?
        var end = 0
        var allocated = 0
        /// Taken from `pending`, not yet on the device.
        var unwritten: [JournalRecord] = []
        var taken = Ticket(number: 0)
        var durable = Ticket(number: 0)
        /// A sync failed: what the device holds is unknown, so the file is written anew.
        var isSuspect = false
        var isFailing = false
        var isGivenAway = false
        var syncs = 0
    }

    let secret: UInt64
    /// The first sequence of this process.
    package let firstSequence: UInt64
    private let storage: any SegmentStorage
    private let limit: Int
    private let report: @Sendable (DiskEvent) -> Void
    private let pending = Mutex(Pending())
    private let state: Mutex<State>

    /// Opens the journal and hands each of its purges to `replay`, in no order that matters; makes
    /// a new one where there is none that can be read. `limit`: bytes it may grow to.
    package init(
        in storage: any SegmentStorage, limit: Int,
        report: @escaping @Sendable (DiskEvent) -> Void, replay: (JournalRecord) -> Void
    ) throws(DiskFault) {
        self.storage = storage
        self.limit = limit
        self.report = report
        let names = try storage.names()
        // Left over from a rewriting that never came to its rename.
        if names.contains(Self.draftName) { try storage.remove(Self.draftName) }
        var content: [UInt8] = []
        var file: (any StoredFile)?
        if names.contains(Self.name) {
            let opened = try storage.open(Self.name)
            content = try opened.readAll(opened.size, at: 0) ?? []
            file = opened
        }
        if let file, let secret = Self.readHead(content.span) {
            self.secret = secret
            let reading = Self.readFrames(content.span, secret: secret)
            firstSequence = reading.highest + Self.gap
            state = Mutex(State(file: file, end: reading.end))
            for purge in reading.purges { replay(purge) }
            if reading.isDamaged {
                // Which purges cannot be read is not known, so everything counts as purged.
                let all = JournalRecord(.everything, sequence: firstSequence, at: reading.latest)
                replay(all)
                report(.journalDamaged)
                try state.withLock { state throws(DiskFault) in
                    try rewrite(&state, [all], by: firstSequence)
                }
            } else {
                let mark = JournalFrame.start(sequence: firstSequence)
                try state.withLock { state throws(DiskFault) in
                    if reading.end < content.count { try file.truncate(to: reading.end) }
                    var buffer = Buffer()
                    mark.append(to: &buffer, secret: secret)
                    if reading.end + buffer.count > limit {
                        try compact(&state, 0)
                    } else {
                        try write(buffer.bytes, &state)
                    }
                }
            }
        } else {
            secret = storage.secret()
            firstSequence = Self.gap
            state = Mutex(State())
            if !names.isEmpty { report(.begunAnew) }
            try state.withLock { state throws(DiskFault) in
                try rewrite(&state, [], by: firstSequence)
            }
        }
    }

    // MARK: - Purges

    /// Takes purges in; they are not durable before `commit(through:)` has returned.
    package func submit(_ purges: [JournalRecord]) -> Ticket {
        pending.withLock { pending in
            pending.purges += purges
            pending.submitted.number += 1
            return pending.submitted
        }
    }

    /// Returns when everything up to the ticket is on the device. Blocks: for the pool's threads.
    ///
    /// `floor`: purges up to that sequence concern no object in the store and may be forgotten;
    /// asked only when the journal must shrink. After a fault, the purges stay submitted, and the
    /// next commit writes them too.
    package func commit(
        through ticket: Ticket, forgettingTo floor: () -> UInt64 = { 0 }
    ) throws(DiskFault) {
        try state.withLock { state throws(DiskFault) in
            if state.durable >= ticket { return }
            if state.isGivenAway { throw .givenAway }
            do throws(DiskFault) {
                try writePending(&state, floor)
            } catch {
                if !state.isFailing { report(.journalFailing(error)) }
                state.isFailing = true
                throw error
            }
            if state.isFailing { report(.recovered) }
            state.isFailing = false
        }
    }

    /// Where purges cannot be written down, takes the journal's name away: without it no segment
    /// is believed after a restart, so nothing that was purged can come back. A commit that
    /// succeeds brings it back with all it knew.
    package func renounce() throws(DiskFault) {
        try state.withLock { state throws(DiskFault) in
            if state.isGivenAway { throw .givenAway }
            for name in [Self.name, Self.draftName] where try storage.names().contains(name) {
                try storage.remove(name)
            }
            try storage.synchroniseNames()
            state.isSuspect = true
        }
    }

    /// Another process has the journal: nothing is written to it any more.
    func giveAway() { state.withLock { $0.isGivenAway = true } }

    /// Writes what earlier commits could not.
    package func retry() throws(DiskFault) {
        if state.withLock({ $0.isFailing }) { try commit(through: submit([])) }
    }

    package func append(
        _ purges: [JournalRecord], forgettingTo floor: () -> UInt64 = { 0 }
    ) throws(DiskFault) {
        try commit(through: submit(purges), forgettingTo: floor)
    }

    package var byteCount: Int { state.withLock { $0.end } }
    /// How often the device was waited for.
    package var syncCount: Int { state.withLock { $0.syncs } }

    private func writePending(_ state: inout State, _ floor: () -> UInt64) throws(DiskFault) {
        pending.withLock { pending in
            state.unwritten += pending.purges
            pending.purges = []
            state.taken = pending.submitted
        }
        if state.unwritten.count > Self.maxUnwritten {
            let highest = state.unwritten.reduce(0) { max($0, $1.sequence) }
            let latest = state.unwritten.reduce(0) { max($0, $1.at) }
            state.unwritten = [JournalRecord(.everything, sequence: highest, at: latest)]
        }
        var buffer = Buffer()
        for purge in state.unwritten {
            JournalFrame.purge(purge).append(to: &buffer, secret: secret)
        }
        if state.isSuspect || state.end + buffer.count > limit {
            try compact(&state, floor())
        } else {
            try write(buffer.bytes, &state)
        }
        state.unwritten = []
        state.durable = state.taken
    }

    private func write(_ bytes: Span<UInt8>, _ state: inout State) throws(DiskFault) {
        guard let file = state.file else { throw .system(0) }
        let end = state.end + bytes.count
        if end > state.allocated {
            let wanted = min(limit, max(end, state.end + Self.ahead))
            // Only a precaution: where it fails, the write itself will tell.
            if (try? file.allocate(wanted, grows: false)) != nil { state.allocated = wanted }
        }
        do throws(DiskFault) {
            try file.writeAll(bytes, at: state.end)
        } catch {
            // Half a batch behind the end would look like damage to the next start.
            try? file.truncate(to: state.end)
            state.allocated = 0
            throw error
        }
        do throws(DiskFault) {
            try file.synchronise()
        } catch {
            // After a failed sync the kernel may have dropped the pages: a second one that
            // succeeds would prove nothing.
            state.isSuspect = true
            throw error
        }
        state.syncs += 1
        state.end = end
    }

    // MARK: - Rewriting

    /// Writes the journal anew: of each thing purged only the last time, and nothing that no
    /// object in the store can be older than.
    private func compact(_ state: inout State, _ floor: UInt64) throws(DiskFault) {
        var last: [Subject: JournalRecord] = [:]
        var highest = firstSequence
        var latest: Int64 = 0
        var all: JournalRecord?
        if let file = state.file {
            let content = try file.readAll(state.end, at: 0) ?? []
            let reading = Self.readFrames(content.span, secret: secret)
            highest = max(highest, reading.highest)
            latest = reading.latest
            for purge in reading.purges { Self.keep(purge, in: &last) }
            if reading.isDamaged || reading.end < state.end {
                report(.journalDamaged)
                // Above whatever the lost ones may have been.
                all = JournalRecord(.everything, sequence: highest + Self.gap, at: latest)
            }
        }
        for purge in state.unwritten {
            Self.keep(purge, in: &last)
            highest = max(highest, purge.sequence)
            latest = max(latest, purge.at)
        }
        var kept = last.values.filter { $0.sequence > floor }
        if let all { kept = [all] }
        // Room for as much again, or it would be rewritten for every purge.
        let size = kept.reduce(0) { sum, purge in
            sum + JournalFrame.headBytes + 24 + purge.site.count + purge.key.count
        }
        if size > limit / 4 * 3 {
            report(.journalOverflowed)
            kept = [JournalRecord(.everything, sequence: highest, at: latest)]
        }
        try rewrite(&state, kept, by: highest)
    }

    private struct Subject: Hashable {
        let kind: JournalRecord.Kind, hardness: JournalRecord.Hardness
        let site: [UInt8], key: [UInt8]
    }

    private static func keep(_ purge: JournalRecord, in last: inout [Subject: JournalRecord]) {
        let subject = Subject(
            kind: purge.kind, hardness: purge.hardness, site: purge.site, key: purge.key)
        if let other = last[subject], other.sequence >= purge.sequence { return }
        last[subject] = purge
    }

    /// In a file of its own, which takes the name over once it is on the device.
    private func rewrite(
        _ state: inout State, _ purges: [JournalRecord], by sequence: UInt64
    ) throws(DiskFault) {
        var buffer = Buffer()
        appendHead(to: &buffer)
        JournalFrame.start(sequence: sequence).append(to: &buffer, secret: secret)
        for purge in purges { JournalFrame.purge(purge).append(to: &buffer, secret: secret) }
        let file = try storage.create(Self.draftName)
        do throws(DiskFault) {
            try file.writeAll(buffer.bytes, at: 0)
            try file.synchronise()
            try storage.rename(Self.draftName, to: Self.name)
            try storage.synchroniseNames()
        } catch {
            try? storage.remove(Self.draftName)
            // Which of the two has the name now is not certain; the next commit writes it again.
            state.isSuspect = true
            throw error
        }
        state.file = file
        state.end = buffer.count
        state.allocated = 0
        state.isSuspect = false
        state.syncs += 1
    }

    private func appendHead(to buffer: inout Buffer) {
        let start = buffer.count
        buffer.append(number: Self.magic)
        buffer.append(number: Self.version)
        buffer.append(number: UInt32(0))
        buffer.append(number: secret)
        buffer.append(zeros: 32)
        let checksum = Checksum.of(buffer.bytes.extracting(start..<start + 56))
        buffer.append(number: checksum)
    }

    private static func readHead(_ bytes: Span<UInt8>) -> UInt64? {
        guard bytes.count >= headBytes, bytes.uint64(at: 0) == magic,
            bytes.uint32(at: 8) == version,
            bytes.uint64(at: 56) == Checksum.of(bytes.extracting(0..<56))
        else { return nil }
        return bytes.uint64(at: 16)
    }

    private struct Frames {
        var purges: [JournalRecord] = []
        var highest: UInt64 = 0
        var latest: Int64 = 0
        /// Behind the last whole frame.
        var end = 0
        var isDamaged = false
    }

    private static func readFrames(_ bytes: Span<UInt8>, secret: UInt64) -> Frames {
        var frames = Frames(end: headBytes)
        while frames.end < bytes.count {
            switch JournalFrame.read(bytes.extracting(frames.end..<bytes.count), secret: secret) {
            case .frame(let frame, let byteCount):
                frames.end += byteCount
                frames.highest = max(frames.highest, frame.sequence)
                if case .purge(let purge) = frame {
                    frames.purges.append(purge)
                    frames.latest = max(frames.latest, purge.at)
                }
            case .cut: return frames
            case .damaged:
                frames.isDamaged = true
                return frames
            }
        }
        return frames
    }
}
