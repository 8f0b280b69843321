internal import PorticoHTTP

/// A request that its protocol's reader does not take.
struct RefusedHead {
    /// Nil: the client would not understand an answer.
    let status: UInt16?
    /// What is known of it.
    let head: RequestHead
    /// Its bytes as far as they came, where it could not be read.
    var received: [UInt8] = []
}
