internal import CPorticoXML
internal import PorticoBytes

/// XML bodies: their text and their attributes. libxml2 reads them, without entities, document
/// types, files and network.
package struct XMLBody: Sendable {
    /// `XML:/*`: all text and CDATA nodes in document order, nothing between them.
    package private(set) var text: [UInt8] = []
    /// `XML://@*`: one pair for each attribute in document order, its name without prefix.
    package private(set) var attributes = PairList()

    private var limits = BodyLimits()
    private var overflow: BodyFault.Kind?

    package init() {}

    /// Keeps the room.
    package mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        attributes.removeAll()
    }

    /// Reads a whole body into an empty value. The fault's offset is a line.
    package mutating func read(
        _ body: Span<UInt8>, limits: BodyLimits = BodyLimits()
    ) throws(BodyFault) {
        self.limits = limits
        overflow = nil
        var line = 0
        let status = unsafe withUnsafeMutablePointer(to: &self) { owner in
            unsafe body.withUnsafeBufferPointer { bytes in
                // SAFETY: the owner is `self`, and the receiver is called only within this call.
                unsafe portico_xml_read(
                    bytes.baseAddress, bytes.count, Self.receiver, UnsafeMutableRawPointer(owner),
                    &line)
            }
        }
        switch status {
        case PORTICO_XML_READ: return
        case PORTICO_XML_ENTITY:
            throw BodyFault(.entity, "XML: the document declares an entity", at: line)
        case PORTICO_XML_STOPPED where overflow == .tooManyPairs:
            throw BodyFault(.tooManyPairs, "XML: too many attributes", at: line)
        case PORTICO_XML_STOPPED, PORTICO_XML_NO_MEMORY:
            throw BodyFault(.tooLarge, "XML: the document takes too much memory", at: line)
        default: throw BodyFault(.malformed, "XML: the document is not well-formed", at: line)
        }
    }

    private static var receiver: portico_xml_receiver {
        unsafe portico_xml_receiver(
            text: { owner, bytes, count in
                let text = unsafe UnsafeBufferPointer(start: bytes, count: count)
                return unsafe owner.assumingMemoryBound(to: XMLBody.self).pointee
                    .receive(text: text) ? 0 : 1
            },
            attribute: { owner, name, nameCount, value, valueCount in
                let name = unsafe UnsafeBufferPointer(start: name, count: nameCount)
                let value = unsafe UnsafeBufferPointer(start: value, count: valueCount)
                return unsafe owner.assumingMemoryBound(to: XMLBody.self).pointee
                    .receive(attribute: name, value: value) ? 0 : 1
            })
    }

    private mutating func receive(text bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if text.count + bytes.count > limits.bytes {
            overflow = .tooLarge
            return false
        }
        unsafe text.append(contentsOf: bytes)
        return true
    }

    private mutating func receive(
        attribute name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        if attributes.count >= limits.pairs {
            overflow = .tooManyPairs
            return false
        }
        if attributes.bytes.count + name.count + value.count > limits.bytes {
            overflow = .tooLarge
            return false
        }
        unsafe attributes.append(
            name: Span(_unsafeElements: name), value: Span(_unsafeElements: value))
        return true
    }
}
