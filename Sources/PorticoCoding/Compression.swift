internal import PorticoBytes
package import PorticoHTTP

/// Which responses are worth compressing, and what that changes in their heads.
package enum Compression {
    /// Between codings that a client takes equally: Brotli makes text smallest. For what is made
    /// once and kept.
    package static let orderForKept: [ContentCoding] = [.brotli, .zstd, .gzip]
    /// For what is made for one client: zstd costs least for nearly the same.
    package static let orderForPassing: [ContentCoding] = [.zstd, .brotli, .gzip]

    /// Where `PorticoBench coding` shows that a further level costs more than it gains. Measured on
    /// pages, style sheets, scripts and JSON, ms of CPU per MB and ratio: kept, gzip 17 and 4.5,
    /// Brotli 15 and 4.8, zstd 12 and 4.6; passing, gzip 11 and 4.3, Brotli 7 and 4.3, zstd 3 and
    /// 4.2.
    package static func level(of coding: ContentCoding, isKept: Bool) -> Int {
        switch coding {
        case .gzip: isKept ? 6 : 4
        case .brotli: isKept ? 6 : 3
        case .zstd: isKept ? 9 : 3
        }
    }

    /// Whether this response may be compressed, if its client takes that.
    ///
    /// - Parameter length: of its body, if that is known.
    package static func suits(
        _ head: borrowing ResponseHead, length: Int?, least: Int
    ) -> Bool {
        guard head.statusAllowsBody, head.status != 206,
            !head.fields.contains(.contentEncoding), !head.fields.contains(.contentRange),
            length.map({ $0 >= least }) ?? true
        else { return false }
        // RFC 9111 §5.2.2.6.
        if CacheControl(head.fields).contains(.noTransform) { return false }
        return isText(head.fields[head.fields.range(of: .contentType)])
    }

    /// The media types whose bytes are text, or as redundant as text.
    static func isText(_ contentType: Span<UInt8>) -> Bool {
        let end = contentType.firstIndex(of: 0x3B) ?? contentType.count
        let type = contentType.extracting(..<end).trimmingOWS
        if type.count > 5, type.extracting(..<5).equalsFolded("text/") { return true }
        return others.contains { type.equalsFolded($0) }
            || hasSuffix(type, "+json") || hasSuffix(type, "+xml")
    }

    private static func hasSuffix(_ type: Span<UInt8>, _ suffix: StaticString) -> Bool {
        let start = type.count - suffix.utf8CodeUnitCount
        return start > 0 && type.extracting(start...).equalsFolded(suffix)
    }

    /// Beside text/*, */*+json and */*+xml (image/svg+xml is one).
    private static let others: [StaticString] = [
        "application/javascript", "application/json", "application/x-javascript",
        "application/ecmascript", "application/xml", "application/manifest+json",
        "application/x-ndjson", "application/wasm", "application/vnd.ms-fontobject",
        "application/x-font-ttf", "application/rtf", "font/ttf", "font/otf", "font/collection",
        "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
    ]

    /// Says that the response depends on Accept-Encoding: of every response that could have been
    /// coded, coded or not (RFC 9110 §12.5.5).
    package static func markNegotiated(_ head: inout ResponseHead) {
        if head.fields.list(.vary, contains: "accept-encoding")
            || head.fields.list(.vary, contains: "*")
        {
            return
        }
        head.fields.append(.vary, "Accept-Encoding")
    }

    /// Makes of the head of an uncoded response the one of the coded.
    package static func markCoded(_ head: inout ResponseHead, as coding: ContentCoding) {
        // Its bytes are others now, and so are their ranges and digests.
        head.fields.removeAll { line, name in
            switch line.name {
            case .contentLength, .acceptRanges: true
            case .other: name.equalsFolded("content-md5") || name.equalsFolded("content-digest")
            default: false
            }
        }
        head.fields.append(.contentEncoding, coding.token)
        weakenTag(&head)
    }

    /// RFC 9110 §15.4.5: a 304 has the tag that a 200 would have had. Where the client asks by the
    /// weak form of the origin's tag, it was given that form, by an edge that had coded the body.
    package static func weakenNotModified(_ head: inout ResponseHead, asked: borrowing Fields) {
        guard let line = head.fields.firstIndex(of: .etag) else { return }
        let tag = head.fields.value(at: line).array
        guard EntityTag.list(.ifNoneMatch, in: asked, contains: tag.span, .weak),
            !EntityTag.list(.ifNoneMatch, in: asked, contains: tag.span, .strong)
        else { return }
        weakenTag(&head)
        markNegotiated(&head)
    }

    /// RFC 9110 §8.8.1: the same meaning in other bytes is what a weak tag says.
    private static func weakenTag(_ head: inout ResponseHead) {
        guard let line = head.fields.firstIndex(of: .etag) else { return }
        let tag = head.fields.value(at: line).array
        if EntityTag.isWeak(tag.span) { return }
        head.fields.set(.etag, ([0x57, 0x2F] + tag).span)
    }
}
