import Glibc
import PorticoLoop
import PorticoServer
import PorticoSettings

/// What commands say to people, and how they end.
enum Terminal {
    enum Status: Int32 {
        case found = 1
        case couldNot = 2
    }

    static func say(_ line: String) { write(line, to: .standardOutput()) }

    static func complain(_ line: String) { write("portico: " + line, to: .standardError()) }

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
