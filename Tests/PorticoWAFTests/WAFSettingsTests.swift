import PorticoSettings
import PorticoWAF
import Testing

@Suite("Settings of a rule set")
struct WAFSettingsTests {
    private func read(_ text: String) throws(SettingsFaults) -> WAFSettings {
        let reading = Reading(file: "etc/x.toml", environment: [:])
        var settings = WAFSettings(name: "strict")
        if var root = reading.root(of: text) { settings = WAFSettings(name: "strict", from: &root) }
        try reading.conclude()
        return settings
    }

    @Test func `a rule set that says nothing blocks, and refuses what it cannot inspect`() throws {
        let settings = try read("")
        #expect(settings.mode == .block)
        #expect(settings.onPoolFull == .refuse)
        #expect(settings.requestBodyBytes == 131_072)
        #expect(settings.responseBodyBytes == 0)
        // A path is relative to the file, one that nobody wrote too.
        #expect(settings.rules == ["etc/rules/main.conf"])
        #expect(settings.log == "etc/waf.jsonl")
    }

    @Test func `a mode that does not exist is a fault`() {
        #expect(throws: SettingsFaults.self) { try read("mode = \"watch\"") }
    }
}
