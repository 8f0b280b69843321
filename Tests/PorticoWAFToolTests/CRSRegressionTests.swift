import PorticoBytes
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

    static let isThere = RuleFiles.disk.contents(shared + "/crs/test-setup.conf") != nil

    /// Each eighth file: the whole takes seconds in a release, and minutes in a debug build.
    private static func cases(_ crs: String) -> [TestCase] {
        var cases: [TestCase] = []
        for (index, path) in RuleFiles.disk.matches(crs + "/regression/*/*.yaml").enumerated() {
            if index % 8 == 0 { cases += (try? TestFile.read(text(path), file: path)) ?? [] }
        }
        let overrides = crs + "/portico-overrides.yaml"
        _ = try? TestFile.override(&cases, with: text(overrides), file: overrides)
        return cases
    }

    private static func text(_ path: String) -> String {
        String(decoding: RuleFiles.disk.contents(path) ?? [], as: UTF8.self)
    }

    @Test(
        .enabled(if: isThere, "../shared/crs is absent"))
    func `each eighth file of tests agrees`() async throws {
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
        let cases = Self.cases(crs)
        #expect(cases.count > 100)
        for result in await TestRun.run(cases, rules, settings, workers: 2) {
            #expect(result.failure == nil, "\(result.name)")
        }
    }
}
