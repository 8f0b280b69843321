internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoImage
internal import PorticoLoop

/// The client of an original: what is stored it keeps for the transformation, and what may not be
/// stored goes on to the real client as it is.
final class OriginalClient: ClientPort {
    private let client: any ClientPort
    private let method: Method
    private let call: ImageCall
    /// What the cache has answered.
    private(set) var original: Original?

    init(of client: any ClientPort, asking method: Method, _ call: ImageCall) {
        self.client = client
        self.method = method
        self.call = call
    }

    func take(_ original: Original) { self.original = original }

    /// No picture is made of what cannot be stored: it would have to be made for each client anew.
    func begin(_ head: borrowing ResponseHead, length: BodyLength, answering method: Method) {
        var head = copy head
        if head.status != 200 {
            ImageHeads.add(error: "Invalid status", to: &head)
        } else {
            ImageHeads.add(error: "Response is not cacheable", to: &head)
        }
        ImageHeads.dress(&head, for: call)
        client.begin(head, length: length, answering: self.method)
    }

    func put(_ bytes: Span<UInt8>) { if method != .head { client.put(bytes) } }

    var facts: ClientFacts { client.facts }
    var bodyLength: BodyLength { .none }
    var scope: Scope { client.scope }
    var trailers: Fields { Fields() }
    var isFull: Bool { client.isFull }
    var bytesIn: UInt64 { client.bytesIn }
    var bytesOut: UInt64 { client.bytesOut }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer { .finished }
    func readable(in scope: Scope?) async throws(ExchangeFault) {}
    func finish(trailers: borrowing Fields) { client.finish(trailers: trailers) }
    func flushNow() throws(ExchangeFault) -> Bool { try client.flushNow() }
    func flush(in scope: Scope?) async throws(ExchangeFault) { try await client.flush(in: scope) }
    func covers(host: Span<UInt8>) -> Bool { true }
    func sendInterim(_ head: borrowing ResponseHead) async throws(ExchangeFault) {
        try await client.sendInterim(head)
    }
    func endAfterResponse() { client.endAfterResponse() }
    func becomeTunnel() {}
    func finishTunnel() {}
    func cut() { client.cut() }
}

/// What a picture is made of, and how it was come by.
struct Original {
    let stored: StoredResponse
    let status: CacheStatus
    /// At the body's beginning: for the client, if it has to have these bytes.
    let source: (any BodySource)?
    let head: ResponseHead?
}

/// Where an exchange stands with pictures.
enum ImageStage {
    /// What comes out of the cache may become one.
    case open
    /// It only fetches what another exchange makes one of.
    case fetching(OriginalClient)
    case done
}
