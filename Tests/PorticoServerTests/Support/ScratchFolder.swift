import Glibc
import PorticoLoop

/// A folder for one test, gone with it.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/portico-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw Trouble("mkdtemp: \(Process.reason(errno))")
        }
        path = unsafe String(cString: made)
    }

    deinit {
        _ = try? Command.run("rm", "-rf", path)
    }

    subscript(name: String) -> String { "\(path)/\(name)" }

    func write(_ name: String, _ text: String) throws {
        try Files.replace(self[name], with: Array(text.utf8))
    }

    /// A file of zeroes that takes no room.
    func writeZeroes(_ name: String, count: Int) throws {
        try write(name, "")
        if unsafe truncate(self[name], count) != 0 {
            throw Trouble("truncate: \(Process.reason(errno))")
        }
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Files.read(self[name]), as: UTF8.self)
    }

    func rename(_ name: String, to other: String) throws {
        if unsafe Glibc.rename(self[name], self[other]) != 0 {
            throw Trouble("rename: \(Process.reason(errno))")
        }
    }
}
