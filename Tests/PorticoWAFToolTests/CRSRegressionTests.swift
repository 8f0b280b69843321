import PorticoBytes
import PorticoLoop
import PorticoSecLang
import PorticoWAF
import Testing

@testable import PorticoWAFTool

/// The Core Rule Set stands beside the repository, not in it: skipped where it is absent.
@Suite("The OWASP Core Rule Set's own tests")
struct CRSRegressionTests {
    /// The directory beside the package that holds the rules.
    private static let shared: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(4)
        return "/" + parts.joined(separator: "/") + "/shared"
    }()

    static let isThere = (try? Files.read(shared + "/crs/test-setup.conf")) != nil

    @Test(
        .enabled(if: isThere, "../shared/crs is absent"))
    func `a test of each rule file agrees`() async throws {
        let crs = Self.shared + "/crs"
        let rules = try RuleSet.load(
            [
                Self.shared + "/acceptance/crs-base.conf", crs + "/crs-setup.conf.example",
                crs + "/test-setup.conf", crs + "/rules/*.conf",
            ], files: .disk)
        var settings = WAFSettings(name: "crs")
        settings.mode = .detect
        settings.requestBodyBytes = 12 << 20
        settings.responseBodyBytes = 1 << 20
        var cases: [TestCase] = []
        var folders: [String: Int] = [:]
        for path in RuleFiles.disk.matches(crs + "/regression/*/*.yaml") {
            // The whole takes seconds in a release, and minutes in a debug build.
            let folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
            folders[folder, default: 0] += 1
            if folders[folder, default: 0] % 8 != 1 { continue }
            cases += try TestFile.read(try Files.read(path).span.text, file: path)
        }
        let overrides = crs + "/portico-overrides.yaml"
        _ = try TestFile.override(
            &cases, with: try Files.read(overrides).span.text, file: overrides)
        #expect(cases.count > 100)
        for result in await TestRun.run(cases, rules, settings, workers: 2) {
            #expect(result.failure == nil, "\(result.name)")
        }
    }
}
