package import PorticoSecLang

/// Requests out of files: raw ones, or the inputs of go-ftw tests (YAML).
package enum RequestSource {
    /// Throws the sentence to say.
    package struct Fault: Error, Equatable, Sendable {
        package let sentence: String

        package init(sentence: String) { self.sentence = sentence }
    }

    package static func read(
        _ path: String, files: RuleFiles = .disk
    ) throws(Fault) -> [SampleRequest] {
        var requests: [SampleRequest] = []
        for file in self.files(path, files) {
            guard let bytes = files.contents(file) else {
                throw Fault(sentence: "cannot read \"\(file)\"")
            }
            requests += try read(bytes, file: file)
        }
        if requests.isEmpty { throw Fault(sentence: "\"\(path)\" holds no request") }
        return requests
    }

    package static func read(
        _ bytes: [UInt8], file: String
    ) throws(Fault) -> [SampleRequest] {
        guard isYAML(file) else { return RequestFile.read(bytes, file: file) }
        let cases: [TestCase]
        do throws(TestFileFault) {
            cases = try TestFile.read(String(decoding: bytes, as: UTF8.self), file: file)
        } catch {
            throw Fault(sentence: "\(error.file): \(error.message)")
        }
        return cases.flatMap { test in
            test.stages.enumerated().compactMap { index, stage in
                let name = test.stages.count > 1 ? "\(test.name) stage \(index)" : test.name
                return TestRequest.bytes(of: stage.input).map {
                    SampleRequest(name: name, bytes: $0)
                }
            }
        }
    }

    static func isYAML(_ file: String) -> Bool { file.hasSuffix(".yaml") || file.hasSuffix(".yml") }

    /// A file, the files of a pattern, or all YAML files in a folder and those in it.
    package static func files(_ path: String, _ files: RuleFiles = .disk) -> [String] {
        if files.names(path) == nil { return files.matches(path) }
        var found: [String] = []
        collect(path.hasSuffix("/") ? String(path.dropLast()) : path, files, 0, &found)
        return found
    }

    private static func collect(
        _ folder: String, _ files: RuleFiles, _ depth: Int, _ found: inout [String]
    ) {
        for name in (files.names(folder) ?? []).sorted() where !name.hasPrefix(".") {
            let path = folder + "/" + name
            if isYAML(name) {
                found.append(path)
            } else if depth < 8, !name.contains(".") {
                collect(path, files, depth + 1, &found)
            }
        }
    }
}
