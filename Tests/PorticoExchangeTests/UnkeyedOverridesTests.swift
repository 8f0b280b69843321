import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoExchange

@Suite("Overrides that no cache key holds")
struct UnkeyedOverridesTests {
    @Test(arguments: [
        ("X-Host", true), ("x-original-URL", true), ("X-HTTP-Method-Override", true),
        ("X-Rewrite-Url", true), ("X-Forwarded-Prefix", true), ("X-Requested-With", false),
        ("X", false), ("Xhost-", false), ("Accept", false), ("X-Hosts", false),
    ])
    func `what says another host or path is removed, all else stays`(
        _ name: String, _ isRemoved: Bool
    ) {
        var fields = Fields()
        fields.append(name: Array(name.utf8).span, value: Array("v".utf8).span)
        fields.append(.via, "1.1 a")
        UnkeyedOverrides.remove(from: &fields)
        #expect(fields.count == (isRemoved ? 1 : 2))
    }
}
