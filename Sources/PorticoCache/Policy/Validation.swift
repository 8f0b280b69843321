package import PorticoBytes
package import PorticoHTTP

/// Asking the origin whether a stored response still holds, and what follows from its answer
/// (RFC 9111 §4.3).
package enum Validation {
    /// Takes what the client asked for itself out of a request to the origin, so that the answer
    /// is a whole one that may be stored; the client's conditions are then judged here.
    package static func removeConditions(from request: inout Fields) {
        request.removeAll { line, _ in
            switch line.name {
            case .ifNoneMatch, .ifModifiedSince, .ifRange, .range: true
            default: false
            }
        }
    }

    /// Makes a request conditional (§4.3.1). If several variants are stored, their tags may all be
    /// named, the selected one's first; the date is the selected one's.
    ///
    /// False, and nothing is changed, if `selected` has no validator.
    package static func addConditions(
        to request: inout Fields, selected: borrowing ResponseHead,
        others: [ResponseHead] = []
    ) -> Bool {
        let tag = selected.fields.firstIndex(of: .etag)
        let modified = selected.fields.firstIndex(of: .lastModified)
        guard tag != nil || modified != nil else { return false }
        removeConditions(from: &request)
        if let tag {
            var list = selected.fields.value(at: tag).array
            for other in others.prefix(longestTagList) {
                guard let line = other.fields.firstIndex(of: .etag) else { continue }
                let more = other.fields.value(at: line)
                if more.equals(selected.fields.value(at: tag)) { continue }
                list += [0x2C, 0x20] + more.array
            }
            request.append(.ifNoneMatch, list.span)
        }
        if let modified { request.append(.ifModifiedSince, selected.fields.value(at: modified)) }
        return true
    }

    /// Enough for languages and encodings; each costs a request some 20 bytes.
    package static let longestTagList = 16

    /// What to do with the origin's answer to a validation (§4.3.3).
    package enum Outcome: Equatable, Sendable {
        /// 304: update what `freshens` names, and answer from it.
        case freshen
        /// A whole new answer: store it if it may be, and pass it on.
        case replace
        /// An error: answer with the stale one.
        case serveStale
    }

    package static func outcome(
        _ status: UInt16, _ rules: borrowing StoredRules, _ request: borrowing RequestRules,
        at now: Instant, staleSince: Instant? = nil
    ) -> Outcome {
        if status == 304 { return .freshen }
        if status >= 500,
            rules.mayServeStale(after: .status(status), request, at: now, staleSince: staleSince)
        {
            return .serveStale
        }
        return .replace
    }

    /// Whether a 304 means this stored response (§4.3.4).
    ///
    /// - Parameter isOnly: whether it is the only one that the request could have meant: then a 304
    ///   without any validator is about it.
    package static func freshens(
        _ notModified: borrowing ResponseHead, _ stored: borrowing ResponseHead, isOnly: Bool
    ) -> Bool {
        if let line = notModified.fields.firstIndex(of: .etag) {
            let tag = notModified.fields.value(at: line)
            guard let old = stored.fields.firstIndex(of: .etag) else { return false }
            return EntityTag.match(
                tag, stored.fields.value(at: old), EntityTag.isWeak(tag) ? .weak : .strong)
        }
        if let line = notModified.fields.firstIndex(of: .lastModified) {
            guard let old = stored.fields.firstIndex(of: .lastModified) else { return isOnly }
            return notModified.fields.value(at: line).equals(stored.fields.value(at: old))
        }
        return isOnly
    }

    /// The stored head with the fields of a 304 (§3.2), for `Storability.judge` to look at again:
    /// Vary, freshness, even whether it may be kept may have changed. Age is the 304's.
    ///
    /// What describes the body that we hold stays: lengths, encoding, type, range. Set-Cookie comes
    /// with a 304 for one visitor, and is taken over only where cookies are stored as they are.
    package static func updated(
        _ stored: borrowing ResponseHead, by notModified: borrowing ResponseHead,
        settings: borrowing CacheSettings
    ) -> ResponseHead {
        var update = copy notModified
        update.fields.removeHopByHop()
        let takesCookies = settings.setCookie == .store
        update.fields.removeAll { line, _ in
            switch line.name {
            case .contentLength, .contentEncoding, .contentType, .contentRange: true
            case .setCookie: !takesCookies
            default: false
            }
        }
        var head = copy stored
        let fields = update.fields
        head.fields.removeAll { line, name in
            for other in fields.lines where other.name == line.name {
                if line.name != .other || fields[other.nameRange].equalsFolded(name) { return true }
            }
            return line.name == .age
        }
        for index in 0..<fields.count {
            head.fields.append(name: fields.name(at: index), value: fields.value(at: index))
        }
        return head
    }

    /// What the answer to a HEAD tells about a stored GET (§4.3.5).
    package enum HeadVerdict: Equatable, Sendable {
        /// It is the same representation: its fields may be taken over with `updated`.
        case freshens
        /// It is another one by now: the stored one counts as stale.
        case contradicts
        /// Nothing: an error, or no common ground.
        case neither
    }

    package static func judgeHead(
        _ answer: borrowing ResponseHead, _ stored: borrowing ResponseHead
    ) -> HeadVerdict {
        guard answer.status == 200, stored.status == 200 else {
            return answer.status < 500 && answer.status != 304 ? .contradicts : .neither
        }
        for name in [FieldName.etag, .lastModified, .contentLength] {
            guard let line = answer.fields.firstIndex(of: name) else { continue }
            guard let old = stored.fields.firstIndex(of: name),
                answer.fields.value(at: line).equals(stored.fields.value(at: old))
            else { return .contradicts }
        }
        return .freshens
    }
}
