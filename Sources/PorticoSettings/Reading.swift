/// One reading of one settings file: what is known around it, and what was found wrong in it.
///
/// Faults are collected, not thrown: who has five mistakes in a file wants to hear of five. A
/// key that is wrong leaves its default, so that reading can go on to the others.
package final class Reading {
    let file: String
    /// What relative paths are relative to, with its slash; empty for the working directory.
    let directory: String
    let environment: [String: String]

    package private(set) var faults: [SettingsFault] = []
    private var names: [String: [String]] = [:]
    private var references: [Reference] = []

    /// A place that names something that may be defined further below.
    private struct Reference {
        var subject: String
        var name: String
        var value: SettingsValue
    }

    package init(file: String, environment: [String: String]) {
        self.file = file
        self.environment = environment
        directory = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    }

    /// The root of the file's tree; nil, and a fault, when the text is no TOML.
    package func root(of text: String) -> Section? {
        do throws(SyntaxFault) {
            return Section(
                name: "", node: try Node(parsing: text), place: (1, 1), reading: self)
        } catch {
            report(.syntax(reason: error.reason), key: "", line: error.line, column: error.column)
            return nil
        }
    }

    func report(_ kind: SettingsFault.Kind, key: String, line: Int, column: Int) {
        faults.append(SettingsFault(kind, key: key, file: file, line: line, column: column))
    }

    /// There is a `subject` (as in "origin pool") of this name.
    package func define(_ subject: String, _ name: String) {
        names[subject, default: []].append(name)
    }

    /// `value` holds the name of a `subject`, which must have been defined by `conclude()`.
    func refer(to subject: String, _ name: String, in value: SettingsValue) {
        references.append(Reference(subject: subject, name: name, value: value))
    }

    /// Ends the reading: every name must be known now. Throws what was found, in the order of
    /// lines.
    package func conclude() throws(SettingsFaults) {
        for reference in references {
            let known = names[reference.subject, default: []]
            if known.contains(reference.name) { continue }
            reference.value.report(
                .unknownName(
                    of: reference.subject, found: reference.name, known: known,
                    nearest: nearest(to: reference.name, among: known)))
        }
        references = []
        if faults.isEmpty { return }
        faults.sort { ($0.line, $0.column) < ($1.line, $1.column) }
        throw SettingsFaults(faults: faults)
    }

    /// `path` as it is when absolute or empty, else below the file's directory.
    package func path(_ path: String) -> String {
        path.isEmpty || path.hasPrefix("/") ? path : directory + path
    }
}
