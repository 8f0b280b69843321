internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoImage

/// The fields of the contract's §5 and §6. Pure functions of heads.
enum ImageHeads {
    private static let error: StaticString = "Fastly-IO-Error"
    private static let warning: StaticString = "Fastly-IO-Warning"
    private static let info: StaticString = "Fastly-IO-Info"
    private static let stats: StaticString = "Fastly-Stats"
    /// Of what is stored in place of a picture that could not be made; it never leaves.
    private static let failure: StaticString = "Portico-Image-Failure"

    // MARK: - What is stored

    /// The head of a variant: the original's, but for what speaks of its bytes.
    static func variant(
        of original: borrowing ResponseHead, _ report: ImageReport, sourceBytes: Int, bytes: Int,
        tag: [UInt8], takesQuery: Bool
    ) -> ResponseHead {
        var head = base(of: original, tag: tag, takesQuery: takesQuery)
        head.fields.append(.contentType, report.format.mediaType)
        head.fields.append(.contentLength) { $0.write(decimal: UInt64(max(0, bytes))) }
        head.fields.append(info) { value in
            value.write("ifsz=")
            value.write(decimal: UInt64(max(0, sourceBytes)))
            value.write(" idim=")
            value.write(report.sourceSize)
            value.write(" ifmt=")
            value.write(report.sourceFormat.name)
            value.write(" ofsz=")
            value.write(decimal: UInt64(max(0, bytes)))
            value.write(" odim=")
            value.write(report.size)
            value.write(" ofmt=")
            value.write(report.format.name)
        }
        head.fields.append(stats) { $0.write("io=1") }
        for each in report.warnings {
            head.fields.append(warning) { $0.write(Array(each.utf8).span) }
        }
        return head
    }

    /// What is stored where no picture could be made: why.
    static func failed(
        _ why: ImageFailure, of original: borrowing ResponseHead, tag: [UInt8], takesQuery: Bool
    ) -> ResponseHead {
        var head = base(of: original, tag: tag, takesQuery: takesQuery)
        head.fields.append(.contentLength, "0")
        head.fields.append(failure) { $0.write(decimal: UInt64(why.code)) }
        return head
    }

    /// The failure that a stored head stands for; nil: it is a picture's.
    static func failure(in head: borrowing ResponseHead) -> ImageFailure? {
        for index in 0..<head.fields.count
        where head.fields.lines[index].name == .other
            && head.fields.name(at: index).equals(name: failure)
        {
            let code = head.fields.value(at: index).decimal ?? 0
            return ImageFailure(code: UInt8(clamping: code)) ?? .overLimit
        }
        return nil
    }

    private static func base(
        of original: borrowing ResponseHead, tag: [UInt8], takesQuery: Bool
    ) -> ResponseHead {
        var head = copy original
        head.fields.removeAll { line, name in
            switch line.name {
            case .contentType, .contentLength, .contentEncoding, .contentRange, .etag: return true
            case .other:
                // Digests of bytes that are not ours (RFC 9530, RFC 3230, RFC 1864).
                return name.equalsFolded("content-digest") || name.equalsFolded("repr-digest")
                    || name.equalsFolded("digest") || name.equalsFolded("content-md5")
                    || name.equalsFolded("x-content-type-options") || isOurs(name)
            default: return false
            }
        }
        if takesQuery { varyWithoutOurs(&head) }
        head.fields.append(.etag, tag.span)
        return head
    }

    /// What an origin says of pictures is not ours.
    private static func isOurs(_ name: Span<UInt8>) -> Bool {
        name.equalsFolded("fastly-io-error") || name.equalsFolded("fastly-io-warning")
            || name.equalsFolded("fastly-io-info") || name.equalsFolded("fastly-stats")
            || name.equalsFolded("portico-image-failure")
    }

    /// The origin was not told what the client accepts: so it is nothing to vary on.
    private static func varyWithoutOurs(_ head: inout ResponseHead) {
        guard head.fields.contains(.vary) else { return }
        var rest = Buffer()
        head.fields.forEachMember(of: .vary) { member in
            if member.equalsFolded("accept") || member.equalsFolded("accept-encoding") { return }
            if !rest.isEmpty { rest.append(", ") }
            rest.append(member)
        }
        head.fields.remove(.vary)
        if !rest.isEmpty { head.fields.append(.vary, rest.bytes) }
    }

    // MARK: - What is sent

    /// Adds to a stored head what depends on the request: warnings of its query, what it varies on.
    static func dress(_ head: inout ResponseHead, for call: ImageCall) {
        var warnings = Buffer()
        for index in 0..<head.fields.count
        where head.fields.lines[index].name == .other
            && head.fields.name(at: index).equals(name: warning)
        {
            if !warnings.isEmpty { warnings.append(", ") }
            warnings.append(head.fields.value(at: index))
        }
        for each in call.query.warnings {
            if !warnings.isEmpty { warnings.append(", ") }
            warnings.append(each)
        }
        head.fields.removeAll { line, name in
            line.name == .other
                && (name.equals(name: warning) || name.equalsFolded("x-content-type-options"))
        }
        if !warnings.isEmpty {
            let text = warnings.bytes.array
            head.fields.append(warning) { $0.write(text.span) }
        }
        for name in call.varies { head.fields.append(.vary, name) }
        let sniffing: StaticString = "X-Content-Type-Options"
        head.fields.append(sniffing) { $0.write("nosniff") }
    }

    static func add(error text: StaticString, to head: inout ResponseHead) {
        add(error: text.bytes, to: &head)
    }

    static func add(error text: [UInt8], to head: inout ResponseHead) {
        head.fields.removeAll { line, name in line.name == .other && isOurs(name) }
        head.fields.append(error) { $0.write(text.span) }
    }
}

extension Fields {
    /// A line whose name no step compares.
    fileprivate mutating func append(_ name: StaticString, _ write: (inout FieldValue) -> Void) {
        append(name.bytes.span, write)
    }
}

extension FieldValue {
    fileprivate mutating func write(_ size: PixelSize) {
        write(decimal: UInt64(max(0, size.width)))
        write(0x78)
        write(decimal: UInt64(max(0, size.height)))
    }
}
