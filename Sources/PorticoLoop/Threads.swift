internal import Glibc
internal import PorticoBytes

/// Starts a detached thread.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    // SAFETY: the retained box is taken over by the new thread, once.
    let box = unsafe Unmanaged.passRetained(Start(body)).toOpaque()
    let result = unsafe pthread_create(
        &thread, nil,
        { box in
            unsafe Unmanaged<Start>.fromOpaque(box!).takeRetainedValue().body()
            return nil
        }, box)
    precondition(result == 0, "pthread_create")
    pthread_detach(thread)
}

@safe package final class Semaphore: Sendable {
    // SAFETY: a POSIX semaphore may be used from every thread; it lives as long as `self`.
    nonisolated(unsafe) private let raw = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    package init() { unsafe sem_init(raw, 0, 0) }

    deinit {
        unsafe sem_destroy(raw)
        unsafe raw.deallocate()
    }

    package func signal() { unsafe sem_post(raw) }

    package func wait() { while unsafe sem_wait(raw) == -1 {} }

    /// Waits for at most `duration`; whether it was signalled.
    package func wait(atMost duration: Duration) -> Bool {
        var end = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &end)
        let nanoseconds = UInt64(end.tv_nsec) + duration.nanoseconds
        end.tv_sec += Int(nanoseconds / 1_000_000_000)
        end.tv_nsec = Int(nanoseconds % 1_000_000_000)
        while unsafe sem_timedwait(raw, &end) == -1 {
            if errno != EINTR { return false }
        }
        return true
    }
}
