package import PorticoSettings

/// `[server]`: the process.
package struct ServerSettings: Equatable, Sendable {
    /// Event loops, each on its own thread; 0 is one per CPU.
    package var workers = 0
    /// Where cache, journals and the development certificate live.
    package var stateDirectory = "var"
    /// Whom to become after binding when started as root; empty: stay.
    package var user = ""
    /// How long requests may take to finish once the daemon was told to stop.
    package var shutdownGrace = Duration.seconds(30)

    package init() {}

    package init(from section: inout Section) {
        section.read("workers", into: &workers, within: 0...1024)
        section.readPath("state_dir", into: &stateDirectory)
        section.read("user", into: &user)
        section.read("shutdown_grace", into: &shutdownGrace, within: .zero ... .seconds(86_400))
        section.finish()
    }
}
