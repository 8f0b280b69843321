internal import CPorticoOpenSSL
internal import PorticoBytes

/// What is spoken inside TLS (RFC 7301); in ALPN's names.
package enum ApplicationProtocol: String, Sendable {
    /// The client asked for none.
    case none = ""
    case http11 = "http/1.1"
    case h2 = "h2"

    /// The list in the form of RFC 7301 §3.1.
    static func wire(_ list: [ApplicationProtocol]) -> [UInt8] {
        list.filter { $0 != .none }.flatMap { [UInt8($0.rawValue.utf8.count)] + $0.rawValue.utf8 }
    }

    init(alpn bytes: Span<UInt8>) {
        self = bytes.equals("h2") ? .h2 : bytes.equals("http/1.1") ? .http11 : .none
    }
}

package enum TLSVersion: String, Sendable {
    case tls12 = "TLSv1.2"
    case tls13 = "TLSv1.3"
}

/// How a listener answers: certificates by name, versions, protocols, tickets. Immutable, and shared
/// by all workers.
///
/// A name belongs to the certificates that carry it: exactly, else by a wildcard. Of those with the
/// same kind of key the first counts; of different kinds OpenSSL takes the one that the client puts
/// first among its signature algorithms, which is ECDSA for all but the oldest. Whom no name fits, or
/// who asks for none, is answered with the first certificate.
package final class ServerContext: Sendable {
    /// One OpenSSL context for each combination of certificates that some name asks for.
    @safe private struct Choice: Sendable {
        // SAFETY: OpenSSL contexts may be used from many threads once they are set up; this one is
        // freed with the ServerContext, which every engine keeps.
        nonisolated(unsafe) let handle: OpaquePointer
        let certificates: [Certificate]
    }

    package let certificates: [Certificate]
    package let tickets: TicketKeys
    private let choices: [Choice]
    private let exact: [String: Int]
    private let wildcards: [String: Int]

    /// `protocols` best first; without any, the client's wishes are passed over.
    package init(
        certificates: [Certificate], minimumVersion: TLSVersion = .tls12,
        protocols: [ApplicationProtocol] = [.http11], tickets: TicketKeys
    ) throws(CertificateFault) {
        precondition(!certificates.isEmpty, "a server needs a certificate")
        var builder = Builder(
            certificates: certificates, minimumVersion: minimumVersion,
            alpn: ApplicationProtocol.wire(protocols), tickets: tickets)
        do throws(CertificateFault) {
            // The fallback is choice 0.
            _ = try builder.choice(of: builder.mates(ofFirst: certificates[0]))
            exact = try builder.index(by: \.exact)
            wildcards = try builder.index(by: \.wildcards)
        } catch {
            for choice in builder.choices { unsafe portico_server_free(choice.handle) }
            throw error
        }
        choices = builder.choices
        self.certificates = certificates
        self.tickets = tickets
    }

    deinit {
        for choice in choices { unsafe portico_server_free(choice.handle) }
    }

    /// Where a connection stands that has not said its name yet, and one whose name nobody has.
    static let fallback = 0

    /// Which choice answers for this name of a ClientHello.
    func choose(_ name: String?) -> (choice: Int, isFallback: Bool) {
        guard let name = name.flatMap(CertificateNames.folded) else { return (Self.fallback, true) }
        if let choice = exact[name] { return (choice, false) }
        if let rest = CertificateNames.wildcard(over: name), let choice = wildcards[rest] {
            return (choice, false)
        }
        return (Self.fallback, true)
    }

    /// The engine that is given the handle must keep the context.
    func handle(_ choice: Int) -> OpaquePointer { unsafe choices[choice].handle }

    /// Whether the certificate of this identity speaks for `host`; with nil, as after a resumption,
    /// whether any of the choice does.
    func covers(_ host: Span<UInt8>, choice: Int, identity: UnsafeRawPointer?) -> Bool {
        for certificate in choices[choice].certificates {
            if let identity = unsafe identity, unsafe identity != certificate.identity { continue }
            if certificate.names.covers(host) { return true }
        }
        return false
    }

    private struct Builder {
        let certificates: [Certificate]
        let minimumVersion: TLSVersion
        let alpn: [UInt8]
        let tickets: TicketKeys
        var choices: [Choice] = []
        /// Which certificates, by their numbers, are already a choice.
        var known: [[Int]: Int] = [:]

        /// The numbers of the certificates that carry the name, the first of each kind.
        func bearers(_ carries: (CertificateNames) -> Bool) -> [Int] {
            var kinds: Set<Certificate.Kind> = []
            return certificates.indices.filter { number in
                carries(certificates[number].names)
                    && kinds.insert(certificates[number].kind).inserted
            }
        }

        /// The first certificate and those of other kinds that carry all its names.
        func mates(ofFirst first: Certificate) -> [Int] {
            bearers { names in
                names.exact.isSuperset(of: first.names.exact)
                    && names.wildcards.isSuperset(of: first.names.wildcards)
                    && names.addresses.isSuperset(of: first.names.addresses)
            }
        }

        mutating func index(
            by names: KeyPath<CertificateNames, Set<String>>
        ) throws(CertificateFault) -> [String: Int] {
            var index: [String: Int] = [:]
            for certificate in certificates {
                for name in certificate.names[keyPath: names] where index[name] == nil {
                    let numbers = bearers { $0[keyPath: names].contains(name) }
                    index[name] = try choice(of: numbers)
                }
            }
            return index
        }

        mutating func choice(of numbers: [Int]) throws(CertificateFault) -> Int {
            if let choice = known[numbers] { return choice }
            let chosen = numbers.map { certificates[$0] }
            let seconds = Int(min(tickets.period * 2, .seconds(7 * 86400)).components.seconds)
            // SAFETY: the context keeps the ticket keys; the shim copies the protocols.
            let made = unsafe alpn.withUnsafeBufferPointer { alpn in
                unsafe portico_server_make(
                    minimumVersion == .tls13, alpn.baseAddress, alpn.count, seconds,
                    lookUpTicketKey,
                    Unmanaged.passUnretained(tickets).toOpaque())
            }
            guard let made = unsafe made else {
                throw CertificateFault(kind: .refused(code: 0), label: chosen[0].label)
            }
            for certificate in chosen {
                let code = unsafe portico_server_add(made, certificate.handle)
                if code != 0 {
                    unsafe portico_server_free(made)
                    throw CertificateFault(kind: .refused(code: code), label: certificate.label)
                }
            }
            unsafe choices.append(Choice(handle: made, certificates: chosen))
            known[numbers] = choices.count - 1
            return choices.count - 1
        }
    }
}

/// Between OpenSSL and `TicketKeys`: 80 bytes, whose first 16 are the name when a ticket is opened.
private func lookUpTicketKey(
    _ keys: UnsafeMutableRawPointer, _ bytes: UnsafeMutablePointer<UInt8>, _ sealing: Bool
) -> Int32 {
    // SAFETY: `keys` is what ServerContext gave and keeps; the shim hands 80 bytes.
    let keys = unsafe Unmanaged<TicketKeys>.fromOpaque(keys).takeUnretainedValue()
    let take = { (key: Span<UInt8>) in
        for index in key.indices { unsafe bytes[index] = key[index] }
    }
    if sealing {
        keys.seal(take)
        return TicketKeys.Found.current.rawValue
    }
    let name = unsafe Array(UnsafeBufferPointer(start: bytes, count: 16))
    return keys.open(name.span, take).rawValue
}
