/// What `GET /metrics` answers: the workers' sums, the origins and the process.
///
/// Columns with metrics of their own append families through the same `MetricsWriter`.
package enum MetricsPage {
    /// One node of an origin pool.
    package struct Origin: Sendable {
        package var pool: String
        package var node: String
        package var isUp = true
        package var isDraining = false
        package var requestsInFlight = 0
        package var connectionsOpen = 0
        package var connectionsIdle = 0
        package var requests = 0
        package var failures = 0
        package var ejections = 0

        package init(pool: String, node: String) {
            self.pool = pool
            self.node = node
        }
    }

    /// What only the process as a whole knows; times in microseconds.
    package struct Process: Sendable {
        package var residentBytes = 0
        package var openDescriptors = 0
        package var maxDescriptors = 0
        package var processorMicroseconds = 0
        /// Unix time in microseconds.
        package var startedAt = 0
        /// In microseconds.
        package var uptime = 0
        package var workers = 0
        package var version = ""
        package var configurationDigest = ""

        package init() {}
    }

    package static func append(
        _ totals: CounterTotals, origins: [Origin], process: Process,
        to writer: inout MetricsWriter
    ) {
        for family in families {
            writer.begin(family.name, family.kind, family.help)
            for (value, count) in family.rows {
                writer.sample(value.isEmpty ? [] : [(family.label, value)], totals[count])
            }
        }
        writer.begin(
            "portico_request_duration_seconds", .histogram,
            "Time from a request's first byte to its answer's last one.")
        writer.samples(totals.requestDuration)
        writer.begin(
            "portico_origin_first_byte_seconds", .histogram,
            "Time from a request to an origin to the first byte of its answer.")
        writer.samples(totals.originFirstByte)
        writer.begin(
            "portico_waf_inspection_seconds", .histogram,
            "Time that the WAF's rules took of an inspected request.")
        writer.samples(totals.inspection)
        append(origins, to: &writer)
        append(process, to: &writer)
    }

    // MARK: - Origins

    private static func append(_ origins: [Origin], to writer: inout MetricsWriter) {
        if origins.isEmpty { return }
        func family(
            _ name: StaticString, _ kind: MetricsWriter.Kind, _ help: StaticString,
            _ value: (Origin) -> Int
        ) {
            writer.begin(name, kind, help)
            for origin in origins {
                writer.sample([("pool", origin.pool), ("node", origin.node)], value(origin))
            }
        }
        family("portico_origin_up", .gauge, "Whether a node is given requests by its health.") {
            $0.isUp ? 1 : 0
        }
        family("portico_origin_draining", .gauge, "Whether a node is being drained.") {
            $0.isDraining ? 1 : 0
        }
        family("portico_origin_requests_in_flight", .gauge, "Requests that a node is serving.") {
            $0.requestsInFlight
        }
        family("portico_origin_connections", .gauge, "Open connections to a node.") {
            $0.connectionsOpen
        }
        family("portico_origin_connections_idle", .gauge, "Kept connections without a request.") {
            $0.connectionsIdle
        }
        family("portico_origin_requests_total", .counter, "Requests sent to a node.") {
            $0.requests
        }
        family("portico_origin_failures_total", .counter, "Requests that a node did not answer.") {
            $0.failures
        }
        family("portico_origin_ejections_total", .counter, "Times that a node was ejected.") {
            $0.ejections
        }
    }

    // MARK: - Process

    private static func append(_ process: Process, to writer: inout MetricsWriter) {
        writer.begin("portico_build_info", .gauge, "The running version.")
        writer.sample([("version", process.version)], 1)
        writer.begin("portico_config_info", .gauge, "The digest of the running configuration.")
        writer.sample([("digest", process.configurationDigest)], 1)
        writer.begin("portico_workers", .gauge, "Event loops.")
        writer.sample(process.workers)
        writer.begin("portico_uptime_seconds", .gauge, "Time since the process began to serve.")
        writer.sample(microseconds: process.uptime)
        // The names that Prometheus's own clients give to these.
        writer.begin("process_start_time_seconds", .gauge, "Start of the process in Unix time.")
        writer.sample(microseconds: process.startedAt)
        writer.begin("process_cpu_seconds_total", .counter, "Processor time used.")
        writer.sample(microseconds: process.processorMicroseconds)
        writer.begin("process_resident_memory_bytes", .gauge, "Memory that is resident.")
        writer.sample(process.residentBytes)
        writer.begin("process_open_fds", .gauge, "Open file descriptors.")
        writer.sample(process.openDescriptors)
        writer.begin("process_max_fds", .gauge, "The limit on open file descriptors.")
        writer.sample(process.maxDescriptors)
    }

    // MARK: - The workers' counts

    struct Family: Sendable {
        let name: StaticString
        let kind: MetricsWriter.Kind
        let help: StaticString
        let label: StaticString
        /// Label value and count; one row with an empty value has no label.
        let rows: [(String, Count)]

        init(
            _ name: StaticString, _ kind: MetricsWriter.Kind, _ help: StaticString,
            by label: StaticString, _ rows: [(String, Count)]
        ) {
            self.name = name
            self.kind = kind
            self.help = help
            self.label = label
            self.rows = rows
        }

        init(
            _ name: StaticString, _ kind: MetricsWriter.Kind, _ help: StaticString, _ count: Count
        ) {
            self.init(name, kind, help, by: "", [("", count)])
        }
    }

    static let families: [Family] = [
        Family(
            "portico_connections_accepted_total", .counter, "Connections accepted.",
            .connectionsAccepted),
        Family(
            "portico_connections", .gauge, "Client connections that are open.", .connectionsOpen),
        Family(
            "portico_connections_idle", .gauge, "Client connections without a request.",
            .connectionsIdle),
        Family(
            "portico_connections_refused_total", .counter,
            "Connections closed or made to wait, by the limit that was reached.", by: "limit",
            [
                ("connections", .connectionsRefusedByTotal),
                ("connections_per_ip", .connectionsRefusedByAddress),
            ]),
        Family(
            "portico_accept_faults_total", .counter, "Failed accepts.", by: "reason",
            [("descriptors", .acceptFaultsDescriptors), ("other", .acceptFaultsOther)]),
        Family(
            "portico_tls_handshakes_total", .counter, "TLS handshakes.", by: "result",
            [
                ("full", .tlsHandshakesFull), ("resumed", .tlsHandshakesResumed),
                ("failed", .tlsHandshakesFailed),
            ]),
        Family(
            "portico_requests_total", .counter, "Requests, by the class of the answer's status.",
            by: "code",
            [
                ("1xx", .requests1xx), ("2xx", .requests2xx), ("3xx", .requests3xx),
                ("4xx", .requests4xx), ("5xx", .requests5xx), ("none", .requestsUnanswered),
            ]),
        Family(
            "portico_requests_by_protocol_total", .counter, "Requests, by protocol.",
            by: "protocol",
            [
                ("http/1.0", .requestsHTTP10), ("http/1.1", .requestsHTTP11),
                ("h2", .requestsHTTP2),
            ]),
        Family(
            "portico_requests_in_flight", .gauge, "Requests being served.", .requestsInFlight),
        Family(
            "portico_request_faults_total", .counter,
            "Requests refused for their form, size or slowness.", by: "code",
            [
                ("400", .requestFaults400), ("408", .requestFaults408),
                ("413", .requestFaults413), ("414", .requestFaults414),
                ("421", .requestFaults421), ("431", .requestFaults431),
                ("501", .requestFaults501), ("505", .requestFaults505),
            ]),
        Family(
            "portico_cache_requests_total", .counter, "Requests that asked the cache.",
            by: "result",
            [
                ("hit", .cacheHits), ("miss", .cacheMisses), ("stale", .cacheStale),
                ("revalidated", .cacheRevalidated), ("joined", .cacheJoined),
                ("pass", .cachePasses),
            ]),
        Family(
            "portico_waf_requests_total", .counter, "Requests that the WAF inspected.",
            by: "result",
            [("pass", .wafPassed), ("detected", .wafDetected), ("blocked", .wafBlocked)]),
        Family(
            "portico_waf_pool_full_total", .counter,
            "Large bodies that found no room to be inspected.", .wafPoolRefusals),
        Family(
            "portico_cache_refreshes_total", .counter,
            "Fetches behind the clients' backs, because what was stored had become stale.",
            .cacheRefreshes),
        Family(
            "portico_client_bytes_total", .counter, "Bytes exchanged with clients.",
            by: "direction", [("in", .clientBytesIn), ("out", .clientBytesOut)]),
        Family(
            "portico_origin_bytes_total", .counter, "Bytes exchanged with origins.",
            by: "direction", [("in", .originBytesIn), ("out", .originBytesOut)]),
        Family(
            "portico_origin_connections_used_total", .counter,
            "Connections that requests to origins went over.", by: "connection",
            [("new", .originConnectionsOpened), ("reused", .originConnectionsReused)]),
        Family(
            "portico_origin_connections_open", .gauge, "Open connections to all origins.",
            .originConnectionsOpen),
        Family(
            "portico_origin_retries_total", .counter, "Requests sent to another node.", .retries),
        Family(
            "portico_origin_faults_total", .counter, "Failed tries at origins.", by: "kind",
            [
                ("connect", .originFaultsConnect),
                ("connect_timeout", .originFaultsConnectTimeout),
                ("tls", .originFaultsTLS),
                ("first_byte_timeout", .originFaultsFirstByteTimeout),
                ("between_bytes_timeout", .originFaultsBetweenBytesTimeout),
                ("reset", .originFaultsReset),
                ("malformed", .originFaultsMalformed),
                ("no_node", .originFaultsNoNode),
            ]),
        Family(
            "portico_timeouts_total", .counter, "Client connections closed for slowness.",
            by: "phase",
            [
                ("handshake", .timeoutsHandshake), ("header", .timeoutsHeader),
                ("body", .timeoutsBody), ("idle", .timeoutsIdle), ("write", .timeoutsWrite),
            ]),
        Family(
            "portico_images_total", .counter, "Answers to requests for transformed pictures.",
            by: "result", [("picture", .imagesDelivered), ("original", .imagesPassed)]),
        Family(
            "portico_image_transformations_total", .counter,
            "Pictures that were made, not found in the cache.", .imagesMade),
        Family(
            "portico_image_failures_total", .counter, "Pictures that could not be had.",
            by: "reason",
            [
                ("request", .imageFailuresRequest), ("source", .imageFailuresSource),
                ("limit", .imageFailuresLimit),
            ]),
        Family(
            "portico_log_records_dropped_total", .counter,
            "Log lines lost because the writer was behind.", by: "log",
            [("access", .accessRecordsDropped), ("waf", .wafRecordsDropped)]),
        Family(
            "portico_pool_rejections_total", .counter, "Work that found no room in the pool.",
            .poolRejections),
        Family(
            "portico_loop_turns_total", .counter, "Turns of the event loops.", .loopTurns),
    ]
}
