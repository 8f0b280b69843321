internal import PorticoBytes
internal import PorticoLoop

/// The sockets on which the workers accept, one for each worker and address. They outlive
/// configurations, and processes too: a reload keeps those that stay, and who takes this
/// process's place gets them.
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

    /// Each place holds at least one socket for each worker. There are more where a process with
    /// more workers has left them: connections wait in each one's queue.
    private(set) var sockets: [Place: [ListeningSocket]] = [:]

    /// Binds what `places` ask for beyond what is bound. All or none.
    mutating func bind(_ places: [Place], workers: Int) throws(StartFault) {
        var bound: [Place: [ListeningSocket]] = [:]
        var problems: [String] = []
        for place in places where (sockets[place]?.count ?? 0) < max(workers, 1) {
            do throws(IOFault) {
                bound[place] =
                    if let group = sockets[place] {
                        try Self.extend(group, to: workers)
                    } else {
                        try Self.bind(place.address, workers: workers)
                    }
            } catch {
                problems.append("\(place.address): \(error.sentence)")
            }
        }
        if !problems.isEmpty {
            for (place, group) in bound where sockets[place] == nil {
                for socket in group { socket.close() }
            }
            throw StartFault(problems)
        }
        sockets.merge(bound) { _, new in new }
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

    /// Sockets for workers that the process before did not have.
    private static func extend(
        _ group: [ListeningSocket], to workers: Int
    ) throws(IOFault) -> [ListeningSocket] {
        var group = group
        let before = group.count
        while group.count < workers {
            let old = group[group.count % before]
            do throws(IOFault) {
                group.append(try ListeningSocket(bind: old.address))
            } catch {
                // Who was root when it bound may not join now: two workers share a queue.
                group.append(try old.shared())
            }
        }
        return group
    }

    /// Sockets that another process bound.
    mutating func adopt(_ group: [ListeningSocket], at place: Place) { sockets[place] = group }

    /// Those of a place from which one of the workers accepts.
    func share(of place: Place, for worker: Int, of workers: Int) -> [ListeningSocket] {
        let group = sockets[place] ?? []
        return stride(from: worker, to: group.count, by: workers).map { group[$0] }
    }

    var descriptors: [Int32] { sockets.values.joined().map(\.descriptor) }

    /// Forgets the sockets of a place; the caller closes them when nobody accepts there.
    mutating func remove(_ place: Place) -> [ListeningSocket] {
        sockets.removeValue(forKey: place) ?? []
    }
}

extension Configuration {
    var places: [Listeners.Place] { Listeners.Place.all(listeners.map(\.address)) }
    var adminPlace: Listeners.Place { Listeners.Place(address: admin.address, ordinal: 0) }
}
