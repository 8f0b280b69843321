internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTelemetry

extension Exchange {
    /// Counts the request and writes its log line.
    func finishRecord() {
        concludeInspection(status: 0)
        let counters = worker.counters
        let now = worker.reactor.now
        let duration = now.since(began)
        counters.add(-1, to: .requestsInFlight)
        if hasAnswered {
            counters.increment(.requests(status: Int(record.status)))
        } else {
            counters.increment(.requestsUnanswered)
        }
        counters.requestDuration.record(microseconds: duration.microseconds)
        counters.add(Int(clamping: client.bytesIn), to: .clientBytesIn)
        counters.add(Int(clamping: client.bytesOut), to: .clientBytesOut)
        if let count = record.cache.count { counters.increment(count) }
        if let time = record.originTime {
            counters.originFirstByte.record(microseconds: time.microseconds)
        }
        switch record.fault {
        case .origin(let fault): counters.increment(fault.count)
        case .refused(.noOrigin): counters.increment(.originFaultsNoNode)
        case .client, .refused, nil: break
        }
        if let log = worker.accessLog { append(to: log, duration: duration) }
    }

    /// The same for a fetch that no client has asked for.
    func finishRefresh() {
        record.cache = .refresh
        worker.counters.increment(.cacheRefreshes)
        if case .origin(let fault) = record.fault { worker.counters.increment(fault.count) }
        hasAnswered = true
        if let log = worker.accessLog {
            append(to: log, duration: worker.reactor.now.since(began))
        }
    }

    func beginRecord() {
        let counters = worker.counters
        counters.add(1, to: .requestsInFlight)
        switch request.version {
        case .http10: counters.increment(.requestsHTTP10)
        case .http11: counters.increment(.requestsHTTP11)
        case .http2: counters.increment(.requestsHTTP2)
        }
    }

    private func append(to log: AccessLog, duration: Duration) {
        var line = AccessRecord()
        line.wallMicroseconds = Int(worker.reactor.wallTime) - duration.microseconds
        line.httpVersion =
            switch request.version {
            case .http10: "HTTP/1.0"
            case .http11: "HTTP/1.1"
            case .http2: "HTTP/2"
            }
        line.tlsVersion = facts.tls
        // A client that left before an answer, or got none: nginx's 499 and 444 say it best.
        line.status =
            hasAnswered
            ? Int(record.status) : record.fault == .refused(.dropped) ? 444 : 499
        line.bytesIn = Int(clamping: client.bytesIn)
        line.bytesOut = Int(clamping: client.bytesOut)
        line.durationMicroseconds = duration.microseconds
        line.firstByteMicroseconds = record.firstByte.map { $0.since(began).microseconds }
        line.cache = record.cache
        line.originMicroseconds = record.originTime?.microseconds
        line.retries = record.retries
        line.isRateLimited = record.isRateLimited
        line.waf = record.waf
        line.wafScore = record.wafScore
        let request = request
        let facts = facts
        let address = facts.clientText.span.extracting(first: client is Nobody ? 0 : .max)
        let parameters = record.imageParameters ?? []
        if let bytes = record.imageBytes {
            line.image = AccessRecord.Image(bytesIn: record.imageSourceBytes, bytesOut: bytes)
        }
        let node = record.node.map { Array($0.name.utf8) } ?? []
        withID { id in
            log.append(
                line,
                AccessTexts(
                    requestID: id, clientIP: address,
                    host: request[request.authority], method: request[request.methodRange],
                    uri: request[request.targetRange], origin: node.span,
                    imageParameters: parameters.span,
                    userAgent: request[request.fields.range(of: .userAgent)],
                    referer: request[request.fields.range(of: .referer)]))
        }
    }
}

extension Duration {
    var microseconds: Int { Int(clamping: nanoseconds / 1000) }
}

extension OriginFault {
    var count: Count {
        switch self {
        case .unreachable, .unresolved, .exhausted: .originFaultsConnect
        case .connectTimeout: .originFaultsConnectTimeout
        case .untrusted: .originFaultsTLS
        case .noAnswer: .originFaultsFirstByteTimeout
        case .stalled: .originFaultsBetweenBytesTimeout
        case .closedBeforeAnswer, .truncated: .originFaultsReset
        case .malformed: .originFaultsMalformed
        }
    }
}
