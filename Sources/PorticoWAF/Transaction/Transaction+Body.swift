internal import PorticoBytes

/// Making variables of a request's body (SECLANG §5).
extension Transaction {
    mutating func readRequestBody(_ isTooLarge: inout Bool) {
        let count = requestBodyAccess ? requestBytes.count : 0
        set(.requestBodyLength, number: count)
        set(.requestBody, ValueHeap.empty)
        set(.filesCombinedSize, ValueHeap.zero)
        setMultipart([])
        if count > 0 {
            generation += 1
            var fileBytes = 0
            read(&fileBytes)
            if count - fileBytes > plan.settings.requestBodyNoFilesLimit { isTooLarge = true }
            if isTooLarge { set(.inboundDataError, ValueHeap.one) }
        }
        var size = 0
        for store in [Store.argsGet, .argsPost] {
            for entry in stores[store.rawValue] {
                size += heap.count(entry.key) + heap.count(entry.value)
            }
        }
        set(.argsCombinedSize, number: size)
    }

    private mutating func read(_ fileBytes: inout Int) {
        let processor = scalars[Int(Variable.reqbodyProcessor.rawValue)]
        var list = PairList()
        let body = requestBytes
        do throws(BodyFault) {
            if heap.bytes(processor).equals("URLENCODED") {
                set(.requestBody, body.span)
                defer { take(list, .argsPost) }
                try FormReader.read(
                    body.span, separator: plan.settings.argumentSeparator,
                    limits: bodyLimits, into: &list)
            } else if heap.bytes(processor).equals("JSON") {
                // ModSecurity 2 leaves it empty, 3 does not, and 934210 of the CRS looks for names
                // with their colons there.
                set(.requestBody, body.span)
                var reader = JSONBody(limits: bodyLimits)
                defer { take(list, .argsPost) }
                try reader.read(body.span, into: &list)
            } else if heap.bytes(processor).equals("XML") {
                try readXML()
            } else if heap.bytes(processor).equals("MULTIPART") {
                try readMultipart(&fileBytes)
            } else if forcesRequestBody {
                set(.requestBody, body.span)
            }
        } catch {
            // A body that was cut off at a limit is not the client's mistake.
            if isRequestTruncated, error.kind == .unfinished { return }
            let isMultipart = heap.bytes(processor).equals("MULTIPART")
            let text = (isMultipart ? "Multipart parsing error: " : "") + "\(error.message)"
            set(.reqbodyError, ValueHeap.one)
            set(.reqbodyProcessorError, ValueHeap.one)
            let bytes = Array(text.utf8)
            set(.reqbodyErrorMsg, bytes.span)
            set(.reqbodyProcessorErrorMsg, scalars[Int(Variable.reqbodyErrorMsg.rawValue)])
            note("\(text) (at \(error.offset))")
        }
    }

    private mutating func readXML() throws(BodyFault) {
        var reader = XMLBody()
        let body = requestBytes
        do throws(BodyFault) {
            try reader.read(body.span, limits: bodyLimits)
        } catch {
            add(.xmlText, key: ValueHeap.empty, value: ValueHeap.empty)
            throw error
        }
        add(.xmlText, key: ValueHeap.empty, value: heap.add(reader.text.span))
        take(reader.attributes, .xmlAttributes)
    }

    private mutating func readMultipart(_ fileBytes: inout Int) throws(BodyFault) {
        var reader = MultipartBody()
        let body = requestBytes
        defer {
            take(reader.fields, .argsPost)
            take(reader.fields, .partNames)
            take(reader.files, .files)
            take(reader.files, .partNames)
            take(reader.headers, .partHeaders)
            for index in 0..<min(reader.contents.count, reader.files.count) {
                let key = stores[Store.files.rawValue][index].key
                let content = reader.contents[index]
                add(.filesSizes, key: key, value: heap.add(number: Int64(content.count)))
                add(
                    .filesTmpContent, key: key,
                    value: heap.add(body.span.extracting(content)))
            }
            fileBytes = reader.fileBytes
            set(.filesCombinedSize, number: fileBytes)
            setMultipart(reader.flags)
        }
        try reader.read(
            body.span, contentType: heap.loan(in: contentType), limits: bodyLimits)
    }

    private mutating func setMultipart(_ flags: MultipartFlags) {
        func flag(_ flag: MultipartFlags) -> ValueID {
            flags.contains(flag) ? ValueHeap.one : ValueHeap.zero
        }
        set(.multipartStrictError, flags.isStrictError ? ValueHeap.one : ValueHeap.zero)
        set(.multipartUnmatchedBoundary, flag(.unmatchedBoundary))
        set(.multipartBoundaryQuoted, flag(.boundaryQuoted))
        set(.multipartBoundaryWhitespace, flag(.boundaryWhitespace))
        set(.multipartCRLFLFLines, flag([.crlfLine, .lfLine]))
        set(.multipartDataAfter, flag(.dataAfter))
        set(.multipartDataBefore, flag(.dataBefore))
        set(.multipartFileLimitExceeded, flag(.fileLimitExceeded))
        set(.multipartHeaderFolding, flag(.headerFolding))
        set(.multipartInvalidHeaderFolding, flag(.invalidHeaderFolding))
        set(.multipartInvalidPart, flag(.invalidPart))
        set(.multipartInvalidQuoting, flag(.invalidQuoting))
        set(.multipartLFLine, flag(.lfLine))
        set(.multipartMissingSemicolon, flag(.missingSemicolon))
    }
}
