internal import CPorticoLinux
internal import Glibc

/// Another run of this program, started and waited for by this one.
///
/// It is executed by way of /proc/self/exe, so that both are the same build even when the file
/// has been replaced meanwhile, and killed when the thread that started it ends.
package final class ChildProcess {
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    package let identifier: Int32
    /// How it ended; nil before `look` has found that out.
    package private(set) var ending: Ending?

    /// Starts it with `arguments`, which do not include the program's name. It is in the same
    /// process group, has standard input, output and error, and no signal is blocked in it.
    package init(arguments: [String]) throws(IOFault) {
        var strings = unsafe (["portico"] + arguments).map { unsafe strdup($0) }
        unsafe strings.append(nil)
        defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
        // SAFETY: the strings live until the child has its own copy of them, or has failed.
        let result = unsafe px_start_self(strings)
        if result < 0 { throw .system(-result) }
        identifier = result
    }

    /// Starts it with an empty environment and nothing of ours but the other end of a connection,
    /// of which it answers ours: one that keeps messages apart. It ignores what a terminal sends.
    package init(
        confined arguments: [String], on reactor: Reactor, connection: inout Stream?
    ) throws(IOFault) {
        var strings = unsafe (["portico"] + arguments).map { unsafe strdup($0) }
        unsafe strings.append(nil)
        defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
        var pair: [Int32] = [-1, -1]
        let paired = unsafe px_message_pair(&pair)
        if paired < 0 { throw .system(-paired) }
        // SAFETY: as above; the call returns when the child has been executed, or has failed.
        let result = unsafe px_start_confined(strings, pair[1])
        px_close(pair[1])
        if result < 0 {
            px_close(pair[0])
            throw .system(-result)
        }
        identifier = result
        connection = Stream(accepted: pair[0], on: reactor)
    }

    /// Starts a program that is to take this one's place: it has `descriptors` under their numbers,
    /// and a connection that keeps messages apart, of whose two ends ours is the answer's and
    /// the number of its own is said in `environment`. Nothing ends it with this process.
    package init(
        successor program: String, arguments: [String], keeping descriptors: [Int32],
        environment: (_ connection: Int32) -> [String], on reactor: Reactor,
        connection: inout Stream?
    ) throws(IOFault) {
        var pair: [Int32] = [-1, -1]
        let paired = unsafe px_message_pair(&pair)
        if paired < 0 { throw .system(-paired) }
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var settings = unsafe environment(pair[1]).map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe settings.indices { unsafe free(settings[index]) }
        }
        let kept = descriptors + [pair[1]]
        // SAFETY: the call returns when the child has been executed, or has failed.
        let result = unsafe px_start_successor(
            program, &words, &settings, kept, Int32(kept.count))
        px_close(pair[1])
        if result < 0 {
            px_close(pair[0])
            throw .system(-result)
        }
        identifier = result
        connection = Stream(accepted: pair[0], on: reactor)
    }

    private init(adopted identifier: Int32) { self.identifier = identifier }

    /// From here on, processes whose parents end become children of this one.
    package static func adoptOrphans() { px_adopt_orphans() }

    /// A child of this thread that is none of `known`: one that was adopted.
    package static func adopted(besides known: [ChildProcess]) -> ChildProcess? {
        var found = [Int32](repeating: 0, count: 256)
        let count = unsafe px_children(&found, Int32(found.count))
        let strange = found.prefix(max(0, Int(count))).first { child in
            !known.contains { $0.identifier == child }
        }
        return strange.map(ChildProcess.init(adopted:))
    }

    /// Looks whether it has ended, without waiting. SIGCHLD says when a look is worth while.
    @discardableResult package func look() -> Ending? {
        if ending != nil { return ending }
        var value: Int32 = 0
        switch unsafe px_child_ended(identifier, &value) {
        case 0: return nil
        case 2: ending = .killed(signal: value)
        case 1: ending = .exited(value)
        default: ending = .exited(127)  // somebody else has waited for it
        }
        return ending
    }

    /// Nothing happens where it is known to have ended: its number may be another's by now.
    package func send(_ signal: ProcessSignal) {
        if ending == nil { Glibc.kill(identifier, signal.rawValue) }
    }

    /// Ends it at once, whatever it does.
    package func kill() {
        if ending == nil { Glibc.kill(identifier, SIGKILL) }
    }
}
