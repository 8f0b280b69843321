internal import CPorticoLinux

/// What epoll says of one descriptor.
struct Readiness {
    let isReadable: Bool
    let isWritable: Bool
    /// The peer sends no more.
    let isEnd: Bool
    /// The connection is gone in both directions, or broken.
    let isHangUp: Bool
}

/// Something that the poller watches on its worker. The tag tells an event of a descriptor that
/// was closed and given out again within one turn from one of its successor.
package class Source {
    package final let descriptor: Int32
    final var tag: UInt64 = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    func happened(_ readiness: Readiness) {}
}

/// The epoll descriptor and its event list.
@safe struct Poller: ~Copyable {
    private static let most = 512
    private let descriptor: Int32
    private let events = UnsafeMutablePointer<px_event>.allocate(capacity: Poller.most)

    init() {
        descriptor = px_poller()
        precondition(descriptor >= 0, "epoll_create1")
    }

    /// Edge-triggered, both directions: registered once, and never again.
    func addStream(_ fd: Int32, tag: UInt64) {
        let bits = UInt32(PX_READ) | UInt32(PX_WRITE) | UInt32(PX_END) | UInt32(PX_EDGE)
        let result = px_poller_add(descriptor, fd, bits, tag)
        precondition(result == 0, "epoll_ctl")
    }

    /// Level-triggered reading.
    func addReadable(_ fd: Int32, tag: UInt64) {
        let result = px_poller_add(descriptor, fd, UInt32(PX_READ), tag)
        precondition(result == 0, "epoll_ctl")
    }

    func remove(_ fd: Int32) { _ = px_poller_remove(descriptor, fd) }

    func wait(timeout: Int32) -> Int {
        // SAFETY: `events` holds `most` entries.
        unsafe Int(px_poller_wait(descriptor, events, Int32(Poller.most), timeout))
    }

    /// Valid for indices below the last answer of `wait`.
    subscript(index: Int) -> (tag: UInt64, readiness: Readiness) {
        precondition(index < Poller.most)
        // SAFETY: the index is in bounds, and the shim has written the entry.
        let event = unsafe events[index]
        return (
            event.tag,
            Readiness(
                isReadable: event.bits & UInt32(PX_READ) != 0,
                isWritable: event.bits & UInt32(PX_WRITE) != 0,
                isEnd: event.bits & UInt32(PX_END) != 0,
                isHangUp: event.bits & UInt32(PX_HANG_UP) != 0)
        )
    }

    deinit {
        unsafe events.deallocate()
        px_close(descriptor)
    }
}
