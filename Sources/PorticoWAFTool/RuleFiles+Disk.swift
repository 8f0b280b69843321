internal import PorticoLoop
package import PorticoSecLang

extension RuleFiles {
    /// Files of at most 64 MiB, and folders, on the disk.
    package static let disk = RuleFiles(
        contents: { path in try? Files.read(path) },
        names: { folder in try? Folder(path: folder).names() })
}
