package import PorticoBytes

/// Our member of the Cache-Status field (RFC 9211).
package struct CacheStatus: Equatable, Sendable {
    /// Why the request went forward (§2.2).
    package enum Forward: UInt8, Sendable {
        case uriMiss, varyMiss, stale, bypass, method, request

        package var text: StaticString {
            switch self {
            case .uriMiss: "uri-miss"
            case .varyMiss: "vary-miss"
            case .stale: "stale"
            case .bypass: "bypass"
            case .method: "method"
            case .request: "request"
            }
        }
    }

    /// Nil: a hit.
    package var forward: Forward?
    /// What the origin answered, where the client gets something else (§2.3).
    package var forwardStatus: UInt16?
    /// Seconds left, negative when stale (§2.4).
    package var timeToLive: Int64?
    package var isStored = false
    package var isCollapsed = false
    /// What is sent was made for this request, of what the rest of the line speaks of (§2.8).
    package var isTransformed = false

    package init(hit timeToLive: Int64) { self.timeToLive = timeToLive }

    package init(forward: Forward, status: UInt16? = nil) {
        self.forward = forward
        forwardStatus = status
    }

    /// Appends the member without the field's name. It goes behind those of caches nearer to the
    /// origin (§2), on a line of its own.
    package func write(into buffer: inout Buffer) {
        buffer.append("portico")
        if let forward {
            buffer.append("; fwd=")
            buffer.append(forward.text)
            if let forwardStatus {
                buffer.append("; fwd-status=")
                buffer.append(decimal: UInt64(forwardStatus))
            }
        } else {
            buffer.append("; hit")
        }
        if let timeToLive {
            buffer.append("; ttl=")
            if timeToLive < 0 { buffer.append(0x2D) }
            buffer.append(decimal: timeToLive.magnitude)
        }
        if isStored { buffer.append("; stored") }
        if isCollapsed { buffer.append("; collapsed") }
        if isTransformed { buffer.append("; detail=transformed") }
    }
}
