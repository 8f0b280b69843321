import PorticoHTTP
import Testing

@testable import PorticoServer

@Suite("Admin calls")
struct AdminCallTests {
    private func call(_ path: String) throws -> AdminCall? {
        AdminCall(head: try requestHead("GET \(path) HTTP/1.1\r\nHost: a"), path: path)
    }

    @Test func `each path is a call`() throws {
        #expect(try call("/healthz") == .health)
        #expect(try call("/readyz") == .readiness)
        #expect(try call("/metrics") == .metrics)
        #expect(try call("/v1/status") == .status)
        #expect(try call("/v1/origins") == .origins)
        #expect(try call("/v1/reload") == .reload)
        #expect(
            try call("/v1/origins/shop/127.0.0.1:9001/drain")
                == .node(pool: "shop", node: "127.0.0.1:9001", .drain))
        #expect(
            try call("/v1/origins/shop/a/enable") == .node(pool: "shop", node: "a", .enable))
        #expect(
            try call("/v1/origins/shop/a/disable") == .node(pool: "shop", node: "a", .disable))
    }

    @Test func `purges come by Fastly's paths`() throws {
        #expect(try call("/service/s/purge/a%20b/c") == .purgeKey("a b/c", service: "s"))
        #expect(try call("/service/s/purge") == .purgeKeys(service: "s"))
        #expect(try call("/service/s/purge_all") == .purgeAll(service: "s"))
        #expect(AdminCall.purgeAll(service: "s").methods == [.post])
        let near = AdminCaller(name: nil, scopes: [], isLocal: true, address: "")
        #expect(AdminCall.purgeKey("a", service: "s").scope(for: near) == .purgeSelect)
        #expect(AdminCall.purgeURL([]).scope(for: near) == .purgeSelect)
        #expect(AdminCall.purgeAll(service: "s").scope(for: near) == .purgeAll)
    }

    @Test(arguments: [
        "/service", "/service/s", "/service//purge", "/service/s/purge/", "/service/s/purge/%4",
        "/service/s/purge_all/x",
        "//", "/healthz/", "/v1", "/v1/origins/", "/v1/origins/shop", "/v1/origins/shop/a",
        "/v1/origins/shop/a/melt", "/v1/origins/shop/a/drain/", "//v1/origins/shop/a/drain",
        "/v2/origins/shop/a/drain",
    ])
    func `other paths are none`(_ path: String) throws {
        #expect(try call(path) == nil)
    }

    @Test func `reading is GET and changing is POST`() throws {
        #expect(try call("/") == .dashboard)
        #expect(AdminCall.dashboard.methods == [.get, .head])
        #expect(AdminCall.metrics.methods == [.get, .head])
        #expect(AdminCall.reload.methods == [.post])
        #expect(AdminCall.node(pool: "", node: "", .drain).methods == [.post])
    }

    @Test func `each call has its scope`() {
        let near = AdminCaller(name: nil, scopes: [], isLocal: true, address: "")
        let far = AdminCaller(name: nil, scopes: [], isLocal: false, address: "")
        for caller in [near, far] {
            #expect(AdminCall.health.scope(for: caller) == nil)
            #expect(AdminCall.readiness.scope(for: caller) == nil)
            #expect(AdminCall.status.scope(for: caller) == .read)
            #expect(AdminCall.origins.scope(for: caller) == .read)
            #expect(AdminCall.reload.scope(for: caller) == .config)
            #expect(AdminCall.node(pool: "", node: "", .drain).scope(for: caller) == .origins)
        }
        #expect(AdminCall.metrics.scope(for: near) == nil)
        #expect(AdminCall.metrics.scope(for: far) == .read)
    }
}
