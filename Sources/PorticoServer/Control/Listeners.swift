internal import PorticoBytes
internal import PorticoLoop

/// The sockets on which the workers accept, one for each worker and address. They outlive
/// configurations: a reload keeps those that stay.
struct Listeners {
    /// A listener as it is configured. Port 0 may stand several times, each time for a port of
    /// its own: the ordinal tells them apart.
    struct Place: Hashable {
        let address: SocketAddress
        let ordinal: Int

        /// In the order of the configuration.
        static func all(_ addresses: [SocketAddress]) -> [Place] {
            var seen: [SocketAddress: Int] = [:]
            return addresses.map { address in
                defer { seen[address, default: 0] += 1 }
                return Place(address: address, ordinal: seen[address, default: 0])
            }
        }
    }

    /// Each place holds one socket for each worker, in their order.
    private(set) var sockets: [Place: [ListeningSocket]] = [:]

    /// Binds what `places` ask for beyond what is bound. All or none.
    mutating func bind(_ places: [Place], workers: Int) throws(StartFault) {
        var bound: [Place: [ListeningSocket]] = [:]
        var problems: [String] = []
        for place in places where sockets[place] == nil {
            do throws(IOFault) {
                bound[place] = try Self.bind(place.address, workers: workers)
            } catch {
                problems.append("\(place.address): \(error.sentence)")
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

    /// Forgets the sockets of a place; the caller closes them when nobody accepts there.
    mutating func remove(_ place: Place) -> [ListeningSocket] {
        sockets.removeValue(forKey: place) ?? []
    }
}

extension Configuration {
    var places: [Listeners.Place] { Listeners.Place.all(listeners.map(\.address)) }
    var adminPlace: Listeners.Place { Listeners.Place(address: admin.address, ordinal: 0) }
}
