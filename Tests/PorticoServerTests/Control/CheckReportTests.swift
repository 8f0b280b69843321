import Testing

@testable import PorticoServer

@Suite("What portico check finds")
struct CheckReportTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private func report(_ text: String) throws -> CheckReport {
        try folder.write("config.toml", text)
        return CheckReport.make(
            ConfigurationLoader(file: folder["config.toml"], environment: [:]))
    }

    @Test func `nothing in a good file`() throws {
        let report = try report("[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\n")
        #expect(report.problems == [])
        #expect(!report.isUnreadable)
    }

    @Test func `a fault with its place`() throws {
        let report = try report("[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\nretry = 1\n")
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.contains("config.toml:3:1:") == true)
        #expect(report.problems.first?.contains("retries") == true)
        #expect(!report.isUnreadable)
    }

    @Test func `what the named files lack`() throws {
        let report = try report(
            "[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\n[[listen]]\naddress = \"127.0.0.1:0\"\n"
                + "tls = true\n[tls]\ncertificates = [{ cert = \"a\", key = \"b\" }]\n")
        #expect(report.problems == ["\(folder["a"]): No such file or directory"])
        #expect(!report.isUnreadable)
    }

    @Test func `advice is a warning`() throws {
        let report = try report(
            "[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\n[admin]\naddress = \"0.0.0.0:8081\"\n")
        #expect(report.problems == [])
        #expect(report.warnings.contains { $0.contains("config.toml:3: admin.address: ") })
    }

    @Test func `a file that cannot be read is no finding of ours`() {
        let report = CheckReport.make(
            ConfigurationLoader(file: folder["none.toml"], environment: [:]))
        #expect(report.isUnreadable)
        #expect(report.problems == ["\(folder["none.toml"]): No such file or directory"])
    }
}
