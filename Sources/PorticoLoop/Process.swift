internal import CPorticoLinux
internal import Glibc

/// What the daemon asks of the system about itself.
package enum Process {
    /// CPUs that this process may run on.
    package static var cpus: Int { max(1, Int(px_cpus())) }

    /// Raises the soft limit of open descriptors to the hard one; the limit in force.
    package static func raiseDescriptorLimit() -> Int { max(64, Int(px_raise_descriptor_limit())) }

    package static var openDescriptors: Int { max(0, Int(px_open_descriptors())) }

    package static var residentBytes: Int { max(0, Int(px_resident_bytes())) }

    package static var isRoot: Bool { geteuid() == 0 }

    package static var identifier: Int32 { getpid() }

    /// What `drop` throws for a name that nobody has.
    package static let noSuchUser = IOFault.system(ENOENT)

    /// Becomes this user, with its groups, for good.
    package static func drop(to user: String) throws(IOFault) {
        let result = unsafe px_drop_to_user(user)
        if result < 0 { throw .system(-result) }
    }

    /// Bytes from the system's generator.
    package static func random(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = unsafe bytes.withUnsafeMutableBytes { raw in
            unsafe px_random(raw.baseAddress, raw.count)
        }
        precondition(result == 0, "getrandom")
        return bytes
    }

    /// The system's words for an errno.
    package static func reason(_ error: Int32) -> String {
        unsafe String(cString: strerror(error))
    }
}

extension Process {
    /// User and system time that the process has used.
    package static var processorMicroseconds: Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }

    /// What `ps` calls this process. One that was executed by way of /proc/self/exe is "exe".
    package static func rename(_ name: String) { unsafe px_name_process(name) }

    /// Whether a person may be looking at standard output.
    package static var isOnTerminal: Bool { isatty(1) == 1 }

    /// Ends the process at once; what was to be written has been. Nothing is tidied up (`_exit`):
    /// libraries that free their tables at `exit` would do so under threads that still run.
    package static func exit(_ status: Int32) -> Never { _exit(status) }
}

extension Process {
    /// Where to find this program again, when another build may stand there: the name under which
    /// it was started, made absolute, if that leads to what runs; else the file's own path. The
    /// name is better, since it may be a link that an upgrade sets anew.
    ///
    /// - Parameters:
    ///   - word: the first of the arguments.
    ///   - folders: where programs are looked for, as in `PATH`.
    package static func location(of word: String, in folders: String) -> String {
        var names: [String] = []
        if word.hasPrefix("/") {
            names = [word]
        } else if word.contains("/") {
            if let folder = workingFolder { names = [folder + "/" + word] }
        } else if !word.isEmpty {
            names = folders.split(separator: ":").filter { $0.hasPrefix("/") }.map {
                "\($0)/\(word)"
            }
        }
        let found = names.first { unsafe px_is_self($0) == 1 }
        return found ?? path { unsafe px_self_path($0, $1) } ?? "/proc/self/exe"
    }

    private static var workingFolder: String? { path { unsafe px_working_folder($0, $1) } }

    private static func path(_ fill: (UnsafeMutablePointer<CChar>, Int) -> Int64) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBufferPointer { room in
            room.baseAddress.map { unsafe fill($0, room.count) } ?? -1
        }
        guard count > 0 else { return nil }
        return String(
            decoding: bytes[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Tells a service manager something (sd_notify(3)): `socket` is its NOTIFY_SOCKET.
    package static func notify(_ words: String, to socket: String) {
        let bytes = Array(words.utf8)
        _ = unsafe bytes.withUnsafeBytes { raw in
            unsafe px_send_datagram(socket, raw.baseAddress, raw.count)
        }
    }
}
