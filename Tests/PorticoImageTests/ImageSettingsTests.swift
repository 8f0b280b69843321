import PorticoImage
import PorticoSettings
import Testing

@Suite("Settings of images")
struct ImageSettingsTests {
    private func read(_ text: String) throws(SettingsFaults) -> ImageSettings {
        let reading = Reading(file: "etc/x.toml", environment: [:])
        var settings = ImageSettings()
        if var root = reading.root(of: text) { settings = ImageSettings(from: &root) }
        try reading.conclude()
        return settings
    }

    @Test func `what is absent keeps its default`() throws {
        #expect(try read("") == ImageSettings())
        var expected = ImageSettings()
        expected.auto = [.webp]
        #expect(try read("auto = [\"webp\"]") == expected)
    }

    /// Bounds stand between a small file and gigabytes of pixels.
    @Test func `by default a picture is bounded in pixels, sides, memory and time`() {
        let settings = ImageSettings()
        #expect(settings.maxPixels == 100_000_000)
        #expect(settings.maxOutput == 8192)
        #expect(settings.memoryBytes == 536_870_912)
        #expect(settings.timeout == .seconds(10))
    }

    @Test(arguments: ["quality = 0", "quality = 101", "max_output = 65536", "auto = [\"gif\"]"])
    func `what is out of range is a fault`(_ text: String) {
        #expect(throws: SettingsFaults.self) { try read(text) }
    }
}
