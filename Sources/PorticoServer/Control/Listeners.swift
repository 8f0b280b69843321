internal import PorticoBytes
internal import PorticoLoop

/// The sockets on which the workers accept, one for each worker and address. They outlive
/// configurations: a reload keeps those that stay.
struct Listeners {
    /// By address as configured; each holds one socket for each worker, in their order.
    private(set) var sockets: [SocketAddress: [ListeningSocket]] = [:]

    /// Binds what `addresses` ask for beyond what is bound. All or none.
    mutating func bind(
        _ addresses: [SocketAddress], workers: Int
    ) throws(StartFault) {
        var bound: [SocketAddress: [ListeningSocket]] = [:]
        var problems: [String] = []
        for address in addresses where sockets[address] == nil && bound[address] == nil {
            do throws(IOFault) {
                bound[address] = try Self.bind(address, workers: workers)
            } catch {
                problems.append("\(address): \(error.sentence)")
            }
        }
        if !problems.isEmpty {
            for group in bound.values { for socket in group { socket.close() } }
            throw StartFault(problems)
        }
        sockets.merge(bound) { kept, _ in kept }
    }

    private static func bind(
        _ address: SocketAddress, workers: Int
    ) throws(IOFault) -> [ListeningSocket] {
        if ListeningSocket.isTaken(address) { throw .system(ListeningSocket.addressInUse) }
        let first = try ListeningSocket(bind: address)
        var group = [first]
        for _ in 1..<max(workers, 1) {
            do throws(IOFault) {
                // With port 0 the others share what the first one got.
                group.append(try ListeningSocket(bind: first.address))
            } catch {
                for socket in group { socket.close() }
                throw error
            }
        }
        return group
    }

    /// Forgets the sockets of an address; the caller closes them when nobody accepts there.
    mutating func remove(_ address: SocketAddress) -> [ListeningSocket] {
        sockets.removeValue(forKey: address) ?? []
    }
}
