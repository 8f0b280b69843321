package import PorticoBytes
package import PorticoHTTP1
package import PorticoLoop

/// One node of the demo: the shop over HTTP/1.1, on one worker.
package final class DemoNode {
    package struct Bounds: Sendable {
        /// A whole head, from its first byte.
        package var headTimeout = Duration.seconds(10)
        /// Between two reads or writes of a message.
        package var bodyTimeout = Duration.seconds(15)
        /// Longer than Portico keeps an idle connection, so that it is the one who closes.
        package var idleTimeout = Duration.seconds(120)
        package var head = HeadLimits()
        /// The shop reads no body; what comes up to here is dropped, more is refused.
        package var bodyBytes: UInt64 = 8 << 20
        package var connections = 4096

        package init() {}
    }

    let shop: DemoShop
    let bounds: Bounds
    private let reactor: Reactor
    private var open = 0
    private var listener: Listener?

    package init(
        _ shop: DemoShop, at socket: ListeningSocket, on reactor: Reactor, bounds: Bounds = Bounds()
    ) {
        self.shop = shop
        self.bounds = bounds
        self.reactor = reactor
        listener = Listener(
            socket, on: reactor,
            onAccept: { [weak self] descriptor, _ in
                let stream = Stream(accepted: descriptor, on: reactor)
                guard let self else { return stream.abort() }
                if open >= bounds.connections { return stream.abort() }
                open += 1
                reactor.start {
                    await DemoConnection(stream, to: self).serve()
                    self.open -= 1
                }
            }, onExhausted: { _ in })
    }

    /// Takes no more connections; those that stand are served on.
    package func stop() { listener?.stop() }

    /// A whole process of its own, until SIGTERM. SIGINT is left to the supervisor: Ctrl-C goes to
    /// the whole process group, and the front door still finishes what it has begun.
    package static func run(_ shop: DemoShop, at address: SocketAddress) throws(IOFault) -> Never {
        Process.rename("portico")
        let signals = SignalMask()
        if ListeningSocket.isTaken(address) { throw .system(ListeningSocket.addressInUse) }
        let socket = try ListeningSocket(bind: address)
        let worker = Worker()
        worker.send { reactor in
            reactor.resident = Resident(
                node: DemoNode(shop, at: socket, on: reactor),
                signals: SignalSource(signals, on: reactor) { signal in
                    if signal == .terminate { Process.exit(0) }
                })
        }
        worker.run()
        Process.exit(0)
    }

    private final class Resident {
        let node: DemoNode
        let signals: SignalSource
        init(node: DemoNode, signals: SignalSource) {
            self.node = node
            self.signals = signals
        }
    }
}
