package import PorticoBytes
package import PorticoCache
package import PorticoHTTP
package import PorticoLoop
package import PorticoOrigins

/// How long a body is, before it has been read. Protocols frame it each in its own way.
package enum BodyLength: Equatable, Sendable {
    case none
    case known(UInt64)
    case unknown
}

/// What came of one attempt to move body bytes.
package enum Transfer: Equatable, Sendable {
    /// Something was moved, and more may be there.
    case moved
    /// Nothing is there now: flush, then wait until the source is readable.
    case blocked
    /// The body is complete; its trailers may be read.
    case finished
}

/// A body that arrives: a client's request, an origin's response.
package protocol BodySource: AnyObject {
    /// Moves what is there into `sink`, without waiting.
    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer

    /// Waits until there is something to transfer, under the source's own deadline.
    func readable(in scope: Scope?) async throws(ExchangeFault)

    /// Complete once `transfer` has answered `finished`.
    var trailers: Fields { get }
}

/// Where a body goes. What is put is framed and buffered; `flush` writes it.
package protocol BodySink: AnyObject {
    func put(_ bytes: Span<UInt8>)

    /// Whether it takes bytes from a file without their passing through this process.
    var takesFiles: Bool { get }

    /// Writes what the peer takes at once of that part of a file; how many bytes.
    func put(_ file: any StoredFile, _ range: Range<Int>) throws(ExchangeFault) -> Int

    func finish(trailers: borrowing Fields)

    /// More is buffered than should be: flush before putting more.
    var isFull: Bool { get }

    /// Writes what the peer takes without waiting; whether nothing is left to write. Asked
    /// first: a call that may suspend costs more than the write that it makes.
    func flushNow() throws(ExchangeFault) -> Bool

    /// Writes all that is buffered, under the sink's own deadline.
    func flush(in scope: Scope?) async throws(ExchangeFault)
}

extension BodySink {
    package var takesFiles: Bool { false }
    package func put(_ file: any StoredFile, _ range: Range<Int>) throws(ExchangeFault) -> Int {
        preconditionFailure("a sink that takes no files is handed none")
    }
}

/// The client's side of one request: its body arrives here, the response leaves here.
package protocol ClientPort: BodySource, BodySink {
    var facts: ClientFacts { get }

    var bodyLength: BodyLength { get }

    /// What waits for an origin waits in this: interrupted when the client is gone.
    var scope: Scope { get }

    /// Whether this connection may ask for `host` (RFC 9110 §15.5.20): its certificate covers it.
    func covers(host: Span<UInt8>) -> Bool

    /// Sends a 1xx on at once.
    func sendInterim(_ head: borrowing ResponseHead) async throws(ExchangeFault)

    /// Buffers the head. `isLast`: the connection ends with this response.
    func begin(_ head: borrowing ResponseHead, length: BodyLength, answering method: Method)

    /// The connection cannot be used for another request.
    func endAfterResponse()

    /// The protocol has been switched (101): from now on the bytes are the peers' own.
    func becomeTunnel()

    /// No more bytes from us in the tunnel.
    func finishTunnel()

    /// Makes the client see that the response is cut.
    func cut()

    /// Head and body bytes that came in for this request, and that left.
    var bytesIn: UInt64 { get }
    var bytesOut: UInt64 { get }
}

/// One connection to an origin node, for one request.
package protocol OriginPort: BodySource, BodySink {
    /// Whether another request has used the connection before.
    var isReused: Bool { get }

    /// Whether any byte of the present request has been given to the network, and whether any
    /// byte of an answer has come.
    var hasSent: Bool { get }
    var hasHeard: Bool { get }

    /// Buffers the head of a request.
    func begin(_ head: borrowing RequestHead, length: BodyLength)

    /// The next head of a response, interim or final, if it has come; its body is then ready to
    /// transfer. `head` is the same in each call until then.
    func takeHead(
        into head: inout ResponseHead, answering method: Method
    ) throws(ExchangeFault) -> BodyLength?

    /// Waits until there may be more of a head than `takeHead` has found.
    func headReadable(in scope: Scope) async throws(ExchangeFault)

    func becomeTunnel()
    func finishTunnel()

    /// The request is over: keeps the connection if it can serve another one, else closes it.
    func release()

    /// Closes it at once.
    func abandon()
}

/// Makes connections to nodes, or finds kept ones.
package protocol OriginDialer: AnyObject {
    /// A connection that has served another request and stayed, if there is one.
    func takeKept(to node: Node) -> (any OriginPort)?

    /// A new connection.
    func connect(
        to node: Node, of pool: Pool, in scope: Scope
    ) async throws(ExchangeFault) -> any OriginPort
}

/// What is known of a client before its request is looked at.
package struct ClientFacts: Sendable {
    /// Who connected.
    package var peer: SocketAddress
    /// Who asks: the peer, or whom a trusted proxy names.
    package var client: IPAddress
    /// Where the peer connected to.
    package let local: SocketAddress
    private var texts: Texts
    /// Whether what the peer says of others is believed.
    package var isTrustedProxy: Bool
    /// "TLSv1.3"; nil without TLS.
    package var tls: StaticString?

    package init(
        peer: SocketAddress, client: IPAddress, local: SocketAddress, isTrustedProxy: Bool,
        tls: StaticString?
    ) {
        self.peer = peer
        self.client = client
        self.local = local
        texts = Texts(client: Array(client.description.utf8), local)
        self.isTrustedProxy = isTrustedProxy
        self.tls = tls
    }

    /// `client` as text.
    package var clientText: [UInt8] {
        get { texts.client }
        set { texts = Texts(client: newValue, local) }
    }
    /// `client` as the parameter of a Forwarded field.
    var forwardedFor: [UInt8] { texts.forwardedFor }
    /// The port of `local` in decimal digits.
    var localPort: [UInt8] { texts.localPort }

    /// What is written of a client in each of its requests; one reference for all of it.
    private final class Texts: Sendable {
        let client: [UInt8]
        let forwardedFor: [UInt8]
        let localPort: [UInt8]

        init(client: [UInt8], _ local: SocketAddress) {
            self.client = client
            let text = String(decoding: client, as: UTF8.self)
            // RFC 7239 §6: an IPv6 address is quoted and bracketed.
            forwardedFor = Array(
                (client.contains(0x3A) ? "for=\"[\(text)]\"" : "for=\(text)").utf8)
            localPort = Array(String(local.port).utf8)
        }
    }
}
