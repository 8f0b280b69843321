internal import PorticoBytes
internal import PorticoLoop

/// What a process gives to the one that takes its place: its listening sockets, and a connection
/// on which the two settle the moment.
///
/// It travels as one variable of the environment, since descriptors keep their numbers over exec:
///
///     control=12 admin=127.0.0.1:8081/0:7 data=127.0.0.1:8080/0:8,9 data=127.0.0.1:8443/0:10,11
///
/// An address is the configured one, and behind the stroke stands its ordinal (`Listeners.Place`).
///
/// What is said (`→` by the new process), each word a message:
///
///     → ready to take           its configuration, certificates and addresses are good
///     ← take                    purges rest, and nobody uses the folder of the disk cache
///     → ready 7,8,9             all that can fail has been done; these descriptors it goes on with
///     ← go                      the old process serves nothing that is stored any more
struct Bequest: Equatable {
    static let variable = "PORTICO_TAKEOVER"

    enum Word {
        static let readyToTake = "ready to take"
        static let take = "take"
        static let ready = "ready"
        static let go = "go"
    }

    struct Group: Equatable {
        let place: Listeners.Place
        let descriptors: [Int32]
    }

    var control: Int32
    var admin: [Group] = []
    var data: [Group] = []

    init(control: Int32, admin: Listeners, data: Listeners) {
        self.control = control
        self.admin = Self.groups(of: admin)
        self.data = Self.groups(of: data)
    }

    private static func groups(of listeners: Listeners) -> [Group] {
        listeners.sockets.map { place, sockets in
            Group(place: place, descriptors: sockets.map(\.descriptor))
        }.sorted { $0.descriptors.first ?? 0 < $1.descriptors.first ?? 0 }
    }

    // MARK: - As text

    var text: String {
        let words =
            ["control=\(control)"] + admin.map { "admin=\($0.text)" }
            + data.map { "data=\($0.text)" }
        return words.joined(separator: " ")
    }

    /// Nil for what this build does not understand.
    init?(_ text: String) {
        control = -1
        for word in text.split(separator: " ") {
            guard let equals = word.firstIndex(of: "=") else { return nil }
            let value = word[equals...].dropFirst()
            switch word[..<equals] {
            case "control":
                guard let number = Int32(value), number > 2 else { return nil }
                control = number
            case "admin":
                guard let group = Group(value) else { return nil }
                admin.append(group)
            case "data":
                guard let group = Group(value) else { return nil }
                data.append(group)
            default: return nil
            }
        }
        if control < 0 { return nil }
    }

    /// The descriptors in a message that ends with them; nil if it is another one.
    static func descriptors(in message: String, after word: String) -> Set<Int32>? {
        guard message.hasPrefix(word + " ") else { return message == word ? [] : nil }
        let numbers = message.dropFirst(word.count + 1).split(separator: ",").map { Int32($0) }
        return numbers.contains(nil) ? nil : Set(numbers.compactMap(\.self))
    }
}

extension Bequest.Group {
    fileprivate var text: String {
        let numbers = descriptors.map { "\($0)" }.joined(separator: ",")
        return "\(place.address)/\(place.ordinal):\(numbers)"
    }

    fileprivate init?(_ text: Substring) {
        guard let stroke = text.lastIndex(of: "/"),
            let address = SocketAddress(String(text[..<stroke]))
        else { return nil }
        let parts = text[stroke...].dropFirst().split(separator: ":")
        guard parts.count == 2, let ordinal = Int(parts[0]) else { return nil }
        let numbers = parts[1].split(separator: ",").map { Int32($0) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0.map { $0 > 2 } ?? false }) else {
            return nil
        }
        place = Listeners.Place(address: address, ordinal: ordinal)
        descriptors = numbers.compactMap(\.self)
    }
}

/// The new process's part, on the thread that starts the daemon.
struct Heir {
    /// How long the old one may take to bring its disk cache to an end; then this one goes on with
    /// memory alone.
    private static let patience = Duration.seconds(30)
    /// It has nothing to do but to say so. Behind it this process serves in any case: both would
    /// wait for each other else, and nobody accept.
    private static let lastPatience = Duration.seconds(30)

    private let bequest: Bequest
    private let predecessor: Predecessor

    /// Nil: this process takes nobody's place. Throws when it cannot do what it was started for.
    init?(_ environment: [String: String]) throws(StartFault) {
        guard let text = environment[Bequest.variable] else { return nil }
        guard let bequest = Bequest(text),
            let predecessor = Predecessor(inherited: bequest.control)
        else { throw StartFault(["\(Bequest.variable): what stands there is not understood"]) }
        self.bequest = bequest
        self.predecessor = predecessor
    }

    /// Takes over the sockets of the places that are still configured. The others go with the old
    /// process, which serves who waits there.
    func adopt(
        _ places: [Listeners.Place], into listeners: inout Listeners,
        _ adminPlace: Listeners.Place, into adminListeners: inout Listeners
    ) throws(StartFault) {
        for group in bequest.data {
            try adopt(group, places.contains(group.place), into: &listeners)
        }
        for group in bequest.admin {
            try adopt(group, group.place == adminPlace, into: &adminListeners)
        }
    }

    private func adopt(
        _ group: Bequest.Group, _ isWanted: Bool, into listeners: inout Listeners
    ) throws(StartFault) {
        var sockets: [ListeningSocket] = []
        for descriptor in group.descriptors {
            guard let socket = ListeningSocket(inherited: descriptor) else {
                throw StartFault(["descriptor \(descriptor) does not listen"])
            }
            sockets.append(socket)
        }
        if isWanted {
            listeners.adopt(sockets, at: group.place)
        } else {
            for socket in sockets { socket.close() }
        }
    }

    /// Has the old process give up the disk cache, and returns when nobody uses it.
    func take() {
        predecessor.say(Bequest.Word.readyToTake)
        _ = predecessor.hear(within: Self.patience)
    }

    /// Says that nothing can fail any more, and returns when the old process has stopped accepting.
    func enter(with listeners: [Listeners]) {
        let kept = Set(listeners.flatMap(\.descriptors))
        let inherited = (bequest.admin + bequest.data).flatMap(\.descriptors)
        let taken = inherited.filter { kept.contains($0) }.map { "\($0)" }
        predecessor.say("\(Bequest.Word.ready) \(taken.joined(separator: ","))")
        // What was said too late for `take` is not the word that is waited for.
        while let said = predecessor.hear(within: Self.lastPatience), said != Bequest.Word.go {}
        predecessor.close()
    }
}
