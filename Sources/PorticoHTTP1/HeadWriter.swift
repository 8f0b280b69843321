package import PorticoBytes
package import PorticoHTTP

/// Writes heads anew from what was read: nothing of the received line structure goes on.
package enum HeadWriter {
    package static func writeRequest(_ head: borrowing RequestHead, into buffer: inout Buffer) {
        writeRequestLine(head, into: &buffer)
        writeFields(head.fields, into: &buffer)
        buffer.append("\r\n")
    }

    /// The target goes in origin form, or asterisk form (RFC 9112 §3.2.1, §3.2.4), the version is
    /// ours.
    package static func writeRequestLine(_ head: borrowing RequestHead, into buffer: inout Buffer) {
        buffer.append(head.fields[head.methodRange])
        buffer.append(0x20)
        if head.path.isEmpty {
            // An OPTIONS for the server as a whole, in absolute form, becomes "*" (§3.2.4).
            let isForServer = head.method == .options && head.query == nil
            buffer.append(isForServer ? 0x2A : 0x2F)
        }
        buffer.append(head.fields[head.pathAndQuery])
        buffer.append(" HTTP/1.1\r\n")
    }

    /// The status line, with the standard phrase if `reason` is empty.
    package static func writeStatus(
        _ status: UInt16, reason: Span<UInt8>, into buffer: inout Buffer
    ) {
        buffer.append("HTTP/1.1 ")
        buffer.append(decimal: UInt64(status))
        buffer.append(0x20)
        if reason.isEmpty {
            buffer.append(StatusPhrase.of(status))
        } else {
            append(reason, to: &buffer)
        }
        buffer.append("\r\n")
    }

    package static func writeResponse(_ head: borrowing ResponseHead, into buffer: inout Buffer) {
        writeStatus(head.status, reason: head.fields[head.reason], into: &buffer)
        writeFields(head.fields, into: &buffer)
        buffer.append("\r\n")
    }

    /// Field lines in the order in which the caller has left them, without the empty line behind.
    package static func writeFields(_ fields: borrowing Fields, into buffer: inout Buffer) {
        // Once for all: a little more than what the lines can take.
        buffer.reserve(fields.storage.count + 4 * fields.count)
        for index in 0..<fields.count {
            buffer.append(fieldLine: fields.name(at: index), fields.value(at: index))
        }
    }

    /// A value with a line end in it would be a line of its own. Our readers let none through; what
    /// other parts of Portico put together is held to the same here, at the last door, in the way
    /// of RFC 9110 §5.5: a space instead.
    private static func append(_ value: Span<UInt8>, to buffer: inout Buffer) {
        var start = 0
        while start < value.count {
            let end = value.firstControl(from: start, to: value.count)
            buffer.append(value.extracting(start..<end))
            if end < value.count { buffer.append(value[end] == 0x09 ? 0x09 : 0x20) }
            start = end + 1
        }
    }
}
