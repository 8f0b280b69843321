internal import PorticoBytes
internal import PorticoHTTP

/// The fields of a request that say what to purge, found in one pass.
struct PurgeFields {
    /// What the URL of a PURGE is.
    enum Method {
        case exact, regex, tags
    }

    private(set) var isSoft = false
    private(set) var magentoPatterns: [[UInt8]] = []
    private(set) var pools: [[UInt8]] = []
    private(set) var keys: [[UInt8]] = []
    private(set) var softKeys: [[UInt8]] = []
    private(set) var surrogateKeys: [[UInt8]] = []
    private(set) var method = Method.exact
    private(set) var tagPattern: [UInt8]?
    private(set) var drupalTags: [UInt8]?
    private(set) var host: [UInt8]?
    private(set) var url: [UInt8]?
    private(set) var contentType: [UInt8]?

    /// An xkey field is there, even an empty one.
    var hasKeys: Bool { !keys.isEmpty || !softKeys.isEmpty }

    var hasBanConditions: Bool {
        host != nil || url != nil || contentType != nil || tagPattern != nil || drupalTags != nil
    }

    init(_ head: borrowing RequestHead) {
        for line in head.fields.lines {
            read(head[line.nameRange], head[line.valueRange].trimmingOWS)
        }
    }

    private mutating func read(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        switch name.count {
        case 4: if name.equalsFolded("xkey") { keys.append(value.array) }
        case 5: if name.equalsFolded("x-url") { url = value.array }
        case 6:
            if name.equalsFolded("x-host") { host = value.array }
            if name.equalsFolded("x-pool") { pools.append(value.array) }
        case 10:
            if name.equalsFolded("xkey-purge") { keys.append(value.array) }
            if name.equalsFolded("cache-tags") { drupalTags = value.array }
        case 12: if name.equalsFolded("x-cache-tags") { tagPattern = value.array }
        case 13: if name.equalsFolded("surrogate-key") { surrogateKeys.append(value.array) }
        case 14:
            if name.equalsFolded("xkey-softpurge") { softKeys.append(value.array) }
            if name.equalsFolded("x-content-type") { contentType = value.array }
            if name.equalsFolded("x-purge-method") { readMethod(value) }
        case 16: if name.equalsFolded("purge-cache-tags") { drupalTags = value.array }
        // Its presence counts: Shopware sends "0" and means, as Fastly understands it, soft.
        case 17: if name.equalsFolded("fastly-soft-purge") { isSoft = true }
        case 20:
            if name.equalsFolded("x-cache-tags-pattern") {
                tagPattern = value.array
                method = .tags
            }
        case 22:
            if name.equalsFolded("x-magento-tags-pattern") { magentoPatterns.append(value.array) }
        default: break
        }
    }

    private mutating func readMethod(_ value: Span<UInt8>) {
        if value.equalsFolded("regex") { method = .regex }
        if value.equalsFolded("tags") { method = .tags }
    }

    /// Tags between blanks and commas.
    static func words(_ value: [UInt8]) -> [[UInt8]] {
        value.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }.map(Array.init)
    }
}

extension RequestHead {
    /// Whether Fastly-Soft-Purge is there; its value says nothing.
    package var asksForSoftPurge: Bool {
        for line in fields.lines
        where line.name == .other && self[line.nameRange].equalsFolded("fastly-soft-purge") {
            return true
        }
        return false
    }
}
