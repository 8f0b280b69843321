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
