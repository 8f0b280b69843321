internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop

/// A page that includes another resource, as that resource's client: what it gets goes on into the
/// page, unless it is an error.
final class IncludeClient: ClientPort {
    let facts: ClientFacts
    let scope: Scope
    private let page: any BodySink
    private(set) var status: UInt16 = 0
    private(set) var isCut = false

    init(of client: any ClientPort, into page: any BodySink) {
        facts = client.facts
        scope = client.scope
        self.page = page
    }

    /// Whether its bytes are wanted.
    var isGood: Bool { status >= 200 && status < 300 && !isCut }

    func begin(_ head: borrowing ResponseHead, length: BodyLength, answering method: Method) {
        // In the midst of a page nobody would decode it.
        status = head.fields.contains(.contentEncoding) ? 0 : head.status
    }

    func put(_ bytes: Span<UInt8>) { if isGood { page.put(bytes) } }
    func finish(trailers: borrowing Fields) {}
    var isFull: Bool { page.isFull }
    func flushNow() throws(ExchangeFault) -> Bool { try page.flushNow() }
    func flush(in scope: Scope?) async throws(ExchangeFault) { try await page.flush(in: scope) }
    func cut() { isCut = true }

    var bodyLength: BodyLength { .none }
    var trailers: Fields { Fields() }
    var bytesIn: UInt64 { 0 }
    var bytesOut: UInt64 { 0 }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer { .finished }
    func readable(in scope: Scope?) async throws(ExchangeFault) {}
    func covers(host: Span<UInt8>) -> Bool { true }
    func sendInterim(_ head: borrowing ResponseHead) async throws(ExchangeFault) {}
    func endAfterResponse() {}
    func becomeTunnel() {}
    func finishTunnel() {}
}
