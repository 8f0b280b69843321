package import PorticoBytes
package import PorticoHTTP
internal import PorticoHTTP1
package import PorticoLoop
internal import Synchronization

/// Where the admin API of a running daemon is: `http://127.0.0.1:8081`.
package struct AdminURL: Equatable, Sendable {
    package let address: SocketAddress
    /// For the Host field.
    package let authority: String

    /// Why a text does not name an admin API that the commands speak to.
    package enum Fault: Error, Equatable, Sendable {
        case malformed
        case needsTLS
        /// A token would cross the network in the clear.
        case notLoopback
    }

    package init(_ text: String) throws(Fault) {
        if text.hasPrefix("https://") { throw .needsTLS }
        guard text.hasPrefix("http://") else { throw .malformed }
        var authority = text.dropFirst("http://".count)
        if authority.last == "/" { authority = authority.dropLast() }
        let isNamed = authority == "localhost" || authority.hasPrefix("localhost:")
        let numeric = isNamed ? "127.0.0.1" + authority.dropFirst("localhost".count) : String(authority)
        guard let address = SocketAddress(numeric) ?? SocketAddress(numeric + ":80"),
            address.port > 0
        else { throw .malformed }
        if !address.ip.isLoopback { throw .notLoopback }
        self.address = address
        self.authority = String(authority)
    }

    /// The API of a daemon on this machine, as its configuration says it.
    package init(local address: SocketAddress) {
        self.address = address
        authority = address.description
    }
}

/// What the daemon answered.
package struct AdminReply: Equatable, Sendable {
    package let status: UInt16
    package let body: [UInt8]

    /// The `detail` of a problem (RFC 9457), if that is what came.
    package var detail: String? { JSONValue(body.span)?["detail"]?.text }
}

package enum AdminClientFault: Error, Equatable, Sendable {
    case unreachable(IOFault)
    /// What came is not HTTP, or more than a reply can be.
    case malformed
    case cut
}

/// One question to the admin API, over a connection of its own.
package enum AdminClient {
    /// The longest reply: a status page with thousands of nodes is far below.
    static let mostReply: UInt64 = 16 << 20
    private static let readSize = 16 << 10

    /// Asks from a task of a worker. `deadline` holds for all of it.
    package static func ask(
        _ url: AdminURL, _ method: StaticString, _ path: String, token: String?,
        fields: [(String, String)] = [], body: [UInt8] = [], on reactor: Reactor,
        by deadline: Instant
    ) async throws(AdminClientFault) -> AdminReply {
        do throws(IOFault) {
            let stream = try await Stream.connect(to: url.address, on: reactor, by: deadline)
            defer { stream.close() }
            var output = request(url, method, path, token: token, fields: fields, body: body)
            while try !stream.writeNow(&output) { try await stream.writable(by: deadline) }
            var reader = AdminReplyReader()
            var input = Buffer()
            while true {
                let count = try stream.readNow(into: &input, upTo: readSize)
                switch count {
                case nil: try await stream.readable(by: deadline)
                case let count?:
                    do throws(AdminClientFault) {
                        if let reply = try reader.read(&input, isEnd: count == 0) { return reply }
                    } catch {
                        return try fail(error)
                    }
                }
            }
        } catch {
            throw AdminClientFault.unreachable(error)
        }
    }

    /// Asks from a command, which waits for the reply.
    package static func ask(
        _ url: AdminURL, _ method: StaticString, _ path: String, token: String?,
        fields: [(String, String)] = [], body: [UInt8] = [], within patience: Duration
    ) throws(AdminClientFault) -> AdminReply {
        let result = Mutex<Result<AdminReply, AdminClientFault>>(.failure(.cut))
        let done = Semaphore()
        let worker = Worker()
        // TODO
        _ = (result, done, worker)
        throw .cut
    }
}
