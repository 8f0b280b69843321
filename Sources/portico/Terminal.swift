import Glibc
import PorticoLoop

/// What commands say to people, and how they end.
enum Terminal {
    enum Status: Int32 {
        case found = 1
        case couldNot = 2
        case wrongUsage = 64
    }

    static func say(_ line: String) { write(line, to: .standardOutput()) }

    static func complain(_ line: String) { write("portico: " + line, to: .standardError()) }

    /// Whether a person may be looking at what `say` says.
    static var isInteractive: Bool { Process.isOnTerminal }

    /// https://no-color.org: set to anything but nothing, it forbids colour.
    static var hasColour: Bool { isInteractive && environment()["NO_COLOR", default: ""].isEmpty }

    /// Empties the screen and goes to its top.
    static let home = "\u{1B}[H\u{1B}[2J"

    static func end(_ status: Status) -> Never { exit(status.rawValue) }

    private static func write(_ line: String, to file: consuming AppendFile) {
        try? file.write(Array((line + "\n").utf8).span)
    }
}

/// The environment as a dictionary, for `${NAME}` in settings.
func environment() -> [String: String] {
    var found: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
        let pair = unsafe String(cString: text)
        if let equals = pair.firstIndex(of: "=") {
            found[String(pair[..<equals])] = String(pair[equals...].dropFirst())
        }
        unsafe entry += 1
    }
    return found
}
