import Glibc
import PorticoBytes
import PorticoLoop
import Synchronization

/// A program started by a test, which ends it.
final class Command {
    struct Result {
        /// The exit status; 128 and the signal's number if it was killed.
        let status: Int32
        let output: String
        let errors: String
    }

    /// What a program does with its output.
    enum Output {
        /// It is read as it comes.
        case read
        /// It goes into a pipe that nobody reads.
        case ignored
    }

    let pid: pid_t
    private var output: Pipe
    private var errors: Pipe
    private var status: Int32?

    /// Runs a program to its end.
    static func run(
        _ arguments: String..., input: String = "/dev/null", within limit: Duration = .seconds(30)
    ) throws -> Result {
        try run(arguments, input: input, within: limit)
    }

    static func run(
        _ arguments: [String], input: String = "/dev/null", within limit: Duration = .seconds(30)
    ) throws -> Result {
        try Command(arguments, input: input).end(within: limit)
    }

    /// Starts a program, which is looked for in PATH; `input` is a file's path.
    init(_ arguments: [String], input: String = "/dev/null") throws {
        output = Pipe()
        errors = Pipe()
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        var made = pid_t()
        let error = Inheritance.guarded {
            unsafe posix_spawnp(&made, arguments[0], &actions, &attributes, &words, environ)
        }
        pid = made
        output.closeWriting()
        errors.closeWriting()
        if error != 0 {
            throw Trouble(
                "\(arguments[0]) cannot be started (\(Process.reason(error))); "
                    + "./test installs what the tests need")
        }
    }

    deinit {
        if status == nil {
            signal(SIGKILL)
            reap()
        }
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// The next line of standard error that contains `text`.
    func line(with text: String, within limit: Duration = .seconds(20)) throws -> String {
        let deadline = monotonicNow() + limit
        while true {
            while let line = errors.takeLine() {
                if line.contains(text) { return line }
            }
            guard try errors.fill(by: deadline) else {
                throw Trouble("no line with \"\(text)\"; said was: \(errors.said)")
            }
        }
    }

    /// All lines of standard output up to one that contains `text`.
    func outputLine(with text: String, within limit: Duration = .seconds(20)) throws -> String {
        let deadline = monotonicNow() + limit
        while true {
            while let line = output.takeLine() {
                if line.contains(text) { return line }
            }
            guard try output.fill(by: deadline) else {
                throw Trouble("no output with \"\(text)\"; output was: \(output.said)")
            }
        }
    }

    /// Waits for the end of the program, which comes by itself.
    func end(within limit: Duration = .seconds(30)) throws -> Result {
        let deadline = monotonicNow() + limit
        do {
            try Pipe.drain(&output, &errors, by: deadline)
        } catch {
            signal(SIGKILL)
            reap()
            throw Trouble("process \(pid) did not end in \(limit); said was: \(errors.said)")
        }
        reap()
        return Result(status: status ?? -1, output: output.said, errors: errors.said)
    }

    private func reap() {
        var raw: Int32 = 0
        while unsafe waitpid(pid, &raw, 0) == -1 && errno == EINTR {}
        status = raw & 0x7F == 0 ? raw >> 8 & 0xFF : 128 + raw & 0x7F
    }

    /// Resident memory: at present, and the most that it ever was.
    func residentBytes() throws -> Int { try bytes("VmRSS:") }
    func mostResidentBytes() throws -> Int { try bytes("VmHWM:") }

    private func bytes(_ name: String) throws -> Int {
        let text = String(decoding: try Files.read("/proc/\(pid)/status"), as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return (Int(line.filter(\.isNumber)) ?? 0) << 10
        }
        throw Trouble("no \(name) of process \(pid)")
    }
}

/// What a program says, as it comes.
private struct Pipe {
    private let reading: Int32
    private(set) var write: Int32
    private var bytes: [UInt8] = []
    private var taken = 0
    private var hasEnded = false

    init() {
        var ends: [Int32] = [-1, -1]
        let result = Inheritance.guarded {
            let result = unsafe pipe(&ends)
            for end in ends { Inheritance.end(of: end) }
            return result
        }
        precondition(result == 0, "pipe")
        reading = ends[0]
        write = ends[1]
    }

    var said: String { String(decoding: bytes, as: UTF8.self) }

    mutating func closeWriting() {
        close(write)
        write = -1
    }

    mutating func takeLine() -> String? {
        guard let end = bytes[taken...].firstIndex(of: 0x0A) else { return nil }
        defer { taken = end + 1 }
        return String(decoding: bytes[taken..<end], as: UTF8.self)
    }

    /// Waits for more; false if there is no more, or not in time.
    mutating func fill(by deadline: Instant) throws -> Bool {
        if hasEnded { return false }
        guard Wait.readable([reading], by: deadline)[0] else { return false }
        return readOn()
    }

    private mutating func readOn() -> Bool {
        var block = [UInt8](repeating: 0, count: 65536)
        let count = unsafe read(reading, &block, block.count)
        if count > 0 {
            bytes += block[..<count]
        } else if count == 0 || errno != EINTR {
            hasEnded = true
            close(reading)
        }
        return count > 0
    }

    /// Reads both to their ends.
    static func drain(_ one: inout Pipe, _ other: inout Pipe, by deadline: Instant) throws {
        while !one.hasEnded || !other.hasEnded {
            let ready = Wait.readable(
                [one.hasEnded ? -1 : one.reading, other.hasEnded ? -1 : other.reading],
                by: deadline)
            if !ready.contains(true) { throw Trouble("late") }
            if ready[0] { _ = one.readOn() }
            if ready[1] { _ = other.readOn() }
        }
    }
}

/// Between the making of a descriptor and its mark nobody may start a program, which would hold
/// it open.
enum Inheritance {
    private static let lock = Mutex(())

    static func guarded(_ body: () -> Int32) -> Int32 { lock.withLock { _ in body() } }

    static func end(of descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
}

enum Wait {
    /// Waits until one of the descriptors has something to be read, or its end; which they are.
    static func readable(_ descriptors: [Int32], by deadline: Instant) -> [Bool] {
        wait(descriptors, for: Int16(POLLIN), by: deadline)
    }

    static func writable(_ descriptor: Int32, by deadline: Instant) -> Bool {
        wait([descriptor], for: Int16(POLLOUT), by: deadline)[0]
    }

    private static func wait(
        _ descriptors: [Int32], for events: Int16, by deadline: Instant
    ) -> [Bool] {
        var wanted = descriptors.map { pollfd(fd: $0, events: events, revents: 0) }
        while true {
            let now = monotonicNow()
            let left = deadline > now ? deadline.since(now) : .zero
            let milliseconds = Int32(clamping: left.nanoseconds / 1_000_000 + 1)
            let count = unsafe poll(&wanted, nfds_t(wanted.count), milliseconds)
            if count > 0 || (count == 0 && monotonicNow() >= deadline) {
                return wanted.map { $0.revents != 0 }
            }
        }
    }
}
