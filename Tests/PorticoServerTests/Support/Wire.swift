import Glibc
import PorticoBytes
import PorticoLoop

/// One end of a connection in a test's own hand: bytes as they are, each step with a deadline.
final class Wire {
    private static let limit = Duration.seconds(20)

    let descriptor: Int32
    private(set) var bytes: [UInt8] = []
    private var isOpen = true

    init(accepted descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to a port of this machine.
    init(to port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        if descriptor == -1 { throw Trouble("socket: \(Process.reason(errno))") }
        var address = sockaddr_in.loopback(port)
        let result = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 {
            let error = errno
            close()
            // The second is said to who was just about to be accepted.
            throw error == ECONNREFUSED || error == ECONNRESET
                ? Refused() as any Error : Trouble("connect: \(Process.reason(error))")
        }
    }

    /// Nobody listens there.
    struct Refused: Error {}

    deinit { close() }

    func close() {
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
    }

    /// Sends no more, and goes on reading.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: - Sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { raw in
                unsafe Glibc.send(
                    descriptor, raw.baseAddress! + done, raw.count - done,
                    Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 {
                done += sent
            } else if errno != EINTR {
                throw Trouble("send: \(Process.reason(errno))")
            }
        }
    }

    // MARK: - Receiving

    /// Waits for more; false at the end, however it came.
    func receive() throws -> Bool {
        guard Wait.readable([descriptor], by: monotonicNow() + Self.limit)[0] else {
            throw Trouble("nothing came in \(Self.limit); so far: \(text)")
        }
        var block = [UInt8](repeating: 0, count: 256 << 10)
        let count = unsafe recv(descriptor, &block, block.count, 0)
        if count > 0 { bytes += block[..<count] }
        return count > 0
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func forget(_ count: Int) { bytes.removeFirst(count) }

    /// What comes up to and with `mark`.
    func text(to mark: String) throws -> String {
        let mark = Array(mark.utf8)
        var searched = 0
        while true {
            if let end = bytes.end(of: mark, from: searched) {
                defer { forget(end) }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            searched = max(0, bytes.count - mark.count)
            guard try receive() else { throw Trouble("the end came before \(mark): \(text)") }
        }
    }

    /// All that comes before the connection ends.
    func textToEnd() throws -> String {
        while try receive() {}
        defer { bytes = [] }
        return text
    }

    /// Whether nothing comes and the connection stays open for a moment.
    func isQuiet(for duration: Duration) -> Bool {
        bytes.isEmpty && !Wait.readable([descriptor], by: monotonicNow() + duration)[0]
    }

    func take(_ count: Int) throws -> [UInt8] {
        while bytes.count < count {
            guard try receive() else { throw Trouble("cut after \(bytes.count) of \(count)") }
        }
        defer { forget(count) }
        return Array(bytes[..<count])
    }

    // MARK: - Messages

    /// A message's start line and fields.
    struct Head {
        let line: String
        let fields: [(name: String, value: String)]

        init(_ text: String) {
            let lines = text.split(separator: "\r\n").map(String.init)
            line = lines.first ?? ""
            fields = lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (
                    parts[0].lowercased(),
                    String((parts.count > 1 ? parts[1] : "").drop { $0 == " " })
                )
            }
        }

        subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

        var status: Int { Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    }

    struct Response {
        let head: Head
        let body: String
        var status: Int { head.status }
    }

    func head() throws -> Head { Head(try text(to: "\r\n\r\n")) }

    /// One response with its body, however that is framed.
    func response(toHead isHead: Bool = false) throws -> Response {
        let head = try head()
        if isHead || head.status < 200 || head.status == 204 || head.status == 304 {
            return Response(head: head, body: "")
        }
        return Response(head: head, body: try body(of: head) ?? textToEnd())
    }

    /// Nil: it is not said how long it is.
    func body(of head: Head) throws -> String? {
        if head["transfer-encoding"] == "chunked" {
            var body = ""
            while true {
                let size = Int(try text(to: "\r\n").dropLast(), radix: 16) ?? 0
                if size == 0 { break }
                body += String(decoding: try take(size), as: UTF8.self)
                _ = try take(2)
            }
            while try text(to: "\r\n") != "\r\n" {}
            return body
        }
        guard let length = head["content-length"].flatMap(Int.init) else { return nil }
        return String(decoding: try take(length), as: UTF8.self)
    }

    /// Asks for something and hears the answer.
    func get(_ target: String, _ fields: String...) throws -> Response {
        let lines = fields.map { $0 + "\r\n" }.joined()
        try send("GET \(target) HTTP/1.1\r\nHost: shop.example\r\n\(lines)\r\n")
        return try response()
    }
}

extension [UInt8] {
    /// Where `mark` ends, if it is there.
    fileprivate func end(of mark: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + mark.count <= count {
            if self[index] == mark[0], self[index..<(index + mark.count)].elementsEqual(mark) {
                return index + mark.count
            }
            index += 1
        }
        return nil
    }
}

extension sockaddr_in {
    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
