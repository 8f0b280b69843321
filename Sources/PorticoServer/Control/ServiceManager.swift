internal import PorticoLoop

/// What systemd wants to know of a service of `Type=notify` (sd_notify(3)); nothing where nobody
/// asked for it.
struct ServiceManager: Sendable {
    private let socket: String?

    init(_ environment: [String: String]) { socket = environment["NOTIFY_SOCKET"] }

    func ready() { tell("READY=1") }

    func stopping() { tell("STOPPING=1") }

    /// Another process is the service from now on. Said by the old one, which is still believed.
    func mainProcess(is identifier: Int32) { tell("MAINPID=\(identifier)") }

    private func tell(_ words: String) {
        if let socket { Process.notify(words, to: socket) }
    }
}
