package import PorticoSettings

/// `[log]`: what is written about requests and about the daemon itself.
package struct LogSettings: Equatable, Sendable {
    /// Where access lines go.
    package enum Destination: Equatable, Sendable {
        case stdout, stderr, off
        case file(String)
    }

    package enum Format: String, CaseIterable, Sendable {
        case json
        /// As Apache and nginx write it.
        case combined
    }

    /// What of the daemon's own log is written: this and what is graver.
    package enum Level: String, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error, critical
    }

    package var access = Destination.stdout
    package var format = Format.json
    /// Query parameters whose values are not written, patterns allowed.
    package var redact: [String] = []
    package var level = Level.info

    package init() {}

    package init(from section: inout Section) {
        switch section.value("access")?.string() {
        case nil: break
        case "stdout": access = .stdout
        case "stderr": access = .stderr
        case "off": access = .off
        case "":
            section.report(
                .malformed(expected: "\"stdout\", \"stderr\", \"off\" or a file's path", found: ""),
                at: "access")
        case let path?: access = .file(section.reading.path(path))
        }
        section.read("format", into: &format)
        section.read("redact", into: &redact)
        section.read("level", into: &level)
        section.finish()
    }
}
