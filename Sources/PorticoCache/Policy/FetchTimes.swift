package import PorticoBytes

/// When a response was asked for and when its head came.
package struct FetchTimes: Sendable {
    package let requested: Instant
    package let received: Instant
    /// Unix seconds at `received`.
    package let receivedDate: Int64

    package init(requested: Instant, received: Instant, receivedDate: Int64) {
        self.requested = requested
        self.received = received
        self.receivedDate = receivedDate
    }
}
