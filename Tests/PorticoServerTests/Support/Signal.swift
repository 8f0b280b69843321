import PorticoLoop

/// Something that one side waits for and the other one brings; not for ever.
final class Signal: Sendable {
    private let semaphore = Semaphore()
    func give() { semaphore.signal() }

    @discardableResult
    func take() -> Bool { semaphore.wait(atMost: .seconds(20)) }
}
