import Glibc
import PorticoBytes
import PorticoCache
import PorticoOrigins
import PorticoServer
import PorticoSettings
import PorticoTLS
import PorticoTelemetry
import Testing

@Suite("Configuration files")
struct ConfigurationFileTests {
    @Test func `the shipped file has no fault`() throws {
        var path = #filePath[...]
        for _ in 0..<4 { path = path[..<(try #require(path.lastIndex(of: "/")))] }
        let text = try contents(of: "\(path)/config.toml")
        let configuration = try Configuration.load(
            text: text, file: "config.toml", environment: [:])
        #expect(configuration.advice == [])
        #expect(
            configuration.listeners.map(\.address.description) == [
                "127.0.0.1:8080", "127.0.0.1:8443",
            ])
        #expect(configuration.listeners.map(\.tls) == [false, true])
        #expect(
            configuration.pools.map { $0.nodes.map(\.address) }
                == [["127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003"]])
    }

    @Test func `a file as a checker from outside writes it is read`() throws {
        let read = try ConfigurationTests.load(ConfigurationTests.fromOutside)
        #expect(read.tls.certificates.map(\.cert) == ["/tmp/x/cert.pem"])
        #expect(read.cache.diskBytes == 0)
        #expect(read.admin.tokens.map(\.scopes) == [.admin])
        #expect(read.log.access == .off)
    }

    /// Whatever an editor's accident makes of a file, it is read or refused with places inside it.
    @Test func `no damage to a file ends the reader`() throws {
        var state: UInt64 = 20
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let whole = Array(ConfigurationTests.everyKeyAtAnotherValue.utf8)
        let odd = Array("\"'[]{}=.,#\n\\$\u{0}\u{7F}0-_ax".utf8) + [0xC3, 0xFF, 0xE2]
        for _ in 0..<1500 {
            var bytes = whole
            for _ in 0...next(4) {
                let place = next(bytes.count)
                let end = min(bytes.count, place + next(40))
                switch next(4) {
                case 0: bytes[place] = odd[next(odd.count)]
                case 1: bytes.insert(odd[next(odd.count)], at: place)
                case 2: bytes.removeSubrange(place..<end)
                default: bytes.insert(contentsOf: bytes[place..<end], at: next(bytes.count))
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(SettingsFaults) {
                _ = try ConfigurationTests.load(text)
            } catch {
                let lines = text.utf8.count { $0 == 0x0A } + 1
                #expect(!error.faults.isEmpty)
                #expect(error.faults.allSatisfy { (1...lines).contains($0.line) && $0.column > 0 })
                #expect(error.faults.allSatisfy { !$0.description.isEmpty })
            }
        }
    }

    private func contents(of path: String) throws -> String {
        let file = unsafe try #require(fopen(path, "r"))
        defer { unsafe _ = fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
