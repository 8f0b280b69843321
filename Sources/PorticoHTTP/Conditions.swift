internal import PorticoBytes

/// Conditional requests (RFC 9110 §13), judged against a representation that we hold.
package enum Conditions {
    package enum Verdict: Equatable, Sendable {
        case proceed
        /// 304.
        case notModified
        /// 412.
        case failed
    }

    package static func areIn(_ request: borrowing Fields) -> Bool {
        for line in request.lines {
            switch line.name {
            case .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange:
                return true
            default: continue
            }
        }
        return false
    }

    /// In the order of §13.2.2; If-Range is the matter of `rangeApplies`.
    ///
    /// - Parameter now: Unix seconds, for dates with years of two digits.
    package static func judge(
        _ method: Method, _ request: borrowing Fields, against stored: borrowing ResponseHead,
        now: Int64
    ) -> Verdict {
        // §13.2.1: what would not succeed anyway is answered without looking at conditions.
        guard stored.status >= 200, stored.status < 300 else { return .proceed }
        let tag = stored.fields.firstIndex(of: .etag).map { stored.fields.lines[$0].valueRange }
        if request.contains(.ifMatch) {
            if !matches(.ifMatch, request, stored, tag, .strong) { return .failed }
        } else if let since = date(.ifUnmodifiedSince, request, now),
            let modified = modification(of: stored, now), modified > since
        {
            return .failed
        }
        let isReading = method == .get || method == .head
        if request.contains(.ifNoneMatch) {
            if matches(.ifNoneMatch, request, stored, tag, .weak) {
                return isReading ? .notModified : .failed
            }
        } else if isReading, let since = date(.ifModifiedSince, request, now),
            let modified = modification(of: stored, now), modified <= since
        {
            return .notModified
        }
        return .proceed
    }

    /// Whether If-Range lets a Range count (§13.1.5): no If-Range, the same strong tag, or exactly
    /// the same date where that is a strong validator.
    package static func rangeApplies(
        _ request: borrowing Fields, to stored: borrowing ResponseHead, now: Int64
    ) -> Bool {
        guard let line = request.firstIndex(of: .ifRange) else { return true }
        let value = request.value(at: line)
        if value.firstIndex(of: 0x22) != nil {
            guard let tag = stored.fields.firstIndex(of: .etag) else { return false }
            return EntityTag.match(value, stored.fields.value(at: tag), .strong)
        }
        guard let wanted = HTTPDate.parse(value, now: now),
            let modified = date(.lastModified, stored.fields, now), wanted == modified,
            // §8.8.2.2: a second change within the same second would have gone unnoticed.
            let made = date(.date, stored.fields, now), made > modified
        else { return false }
        return true
    }

    private static func matches(
        _ name: FieldName, _ request: borrowing Fields, _ stored: borrowing ResponseHead,
        _ tag: ByteRange?, _ comparison: EntityTag.Comparison
    ) -> Bool {
        if EntityTag.isAny(name, in: request) { return true }
        guard let tag else { return false }
        return EntityTag.list(name, in: request, contains: stored.fields[tag], comparison)
    }

    /// RFC 9111 §4.3.2: where there is no Last-Modified, Date stands for it.
    private static func modification(of stored: borrowing ResponseHead, _ now: Int64) -> Int64? {
        if stored.fields.contains(.lastModified) { return date(.lastModified, stored.fields, now) }
        return date(.date, stored.fields, now)
    }

    /// Nil if there is none, several (§13.1.3: no valid date then), or it is malformed.
    private static func date(
        _ name: FieldName, _ fields: borrowing Fields, _ now: Int64
    ) -> Int64? {
        guard let line = fields.firstIndex(of: name),
            fields.firstIndex(of: name, from: line + 1) == nil
        else { return nil }
        return HTTPDate.parse(fields.value(at: line), now: now)
    }
}
