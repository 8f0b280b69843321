internal import PorticoBytes

/// Fastly's automatic keys (`type_keys`): each response has the one of its type, so that all pages
/// can be purged and images, scripts and style sheets left alone.
enum TypeKey: String {
    case text, image, script, css

    init(contentType: Span<UInt8>) {
        if contentType.holds("image") {
            self = .image
        } else if contentType.holds("script") {
            self = .script
        } else if contentType.holds("css") {
            self = .css
        } else {
            self = .text
        }
    }

    var word: [UInt8] { Array(rawValue.utf8) }
}

extension Span<UInt8> {
    /// Whether the text, in lower case, stands anywhere in it, in any case.
    fileprivate func holds(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        for start in 0...(count - length) {
            if extracting(start..<(start + length)).equalsFolded(text) { return true }
        }
        return false
    }
}
