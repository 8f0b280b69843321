import PorticoHTTP
import Testing

@testable import PorticoServer

@Suite("Admin calls")
struct AdminCallTests {
    private func call(_ path: String) -> AdminCall? { AdminCall(path: path) }

    @Test func `each path is a call`() throws {
        #expect(call("/healthz") == .health)
        #expect(call("/readyz") == .readiness)
        #expect(call("/metrics") == .metrics)
        #expect(call("/v1/status") == .status)
        #expect(call("/v1/origins") == .origins)
        #expect(call("/v1/reload") == .reload)
        #expect(
            call("/v1/origins/shop/127.0.0.1:9001/drain")
                == .node(pool: "shop", node: "127.0.0.1:9001", .drain))
        #expect(
            call("/v1/origins/shop/a/enable") == .node(pool: "shop", node: "a", .enable))
        #expect(
            call("/v1/origins/shop/a/disable") == .node(pool: "shop", node: "a", .disable))
    }

    @Test(arguments: [
        "/", "/healthz/", "/v1", "/v1/origins/", "/v1/origins/shop", "/v1/origins/shop/a",
        "/v1/origins/shop/a/melt", "/v1/origins/shop/a/drain/", "//v1/origins/shop/a/drain",
        "/v2/origins/shop/a/drain",
    ])
    func `other paths are none`(_ path: String) throws {
        #expect(call(path) == nil)
    }

    @Test func `reading is GET and changing is POST`() throws {
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
