internal import PorticoLoop
package import PorticoSecLang

extension RuleFiles {
    /// Files of at most 64 MiB, and folders, on the disk.
    package static let disk = disk(or: [:])

    /// The same; `builtIn`: what stands in for files that are not there, by path.
    package static func disk(or builtIn: [String: [UInt8]]) -> RuleFiles {
        RuleFiles(
            contents: { path in (try? Files.read(path)) ?? builtIn[path] },
            names: { folder in try? Folder(path: folder).names() })
    }
}
