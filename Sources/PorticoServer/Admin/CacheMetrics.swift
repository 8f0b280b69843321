internal import PorticoCache
internal import PorticoExchange
internal import PorticoTelemetry

/// The cache's stores on the metrics page.
enum CacheMetrics {
    static func append(_ cache: ResponseCache, to writer: inout MetricsWriter) {
        let memory = cache.store.usage
        gauge("portico_cache_memory_objects", "Responses in memory.", memory.objects, &writer)
        gauge(
            "portico_cache_memory_bytes", "Memory of bodies, heads, index and what is set aside.",
            memory.bytes + memory.ledgerBytes, &writer)
        gauge("portico_cache_memory_budget_bytes", "cache.memory.", memory.budget, &writer)
        counter(
            "portico_cache_memory_evictions_total", "Responses that made room for others.",
            memory.evictions, &writer)
        guard let figures = cache.disk?.figures else { return }
        gauge(
            "portico_cache_disk_up", "1 while the folder can be read and written.",
            figures.store.map { $0.isFailing ? 0 : 1 } ?? 0, &writer)
        counter(
            "portico_cache_disk_hits_total", "Requests for which an object was read from disk.",
            figures.hits, &writer)
        counter(
            "portico_cache_disk_promotions_total", "Of those, objects taken into memory.",
            figures.promoted, &writer)
        counter(
            "portico_cache_disk_writes_dropped_total",
            "Objects not written because too many waited.", figures.dropped, &writer)
        counter(
            "portico_cache_disk_reads_dropped_total",
            "Look-ups for which no thread was free.", figures.unread, &writer)
        gauge(
            "portico_cache_disk_queue_bytes", "Bytes that wait to be written.",
            figures.queuedBytes, &writer)
        gauge(
            "portico_cache_purge_history_bytes",
            "Memory of purges that objects on disk may be older than.", figures.historyBytes,
            &writer)
        if let store = figures.store { append(store, to: &writer) }
    }

    private static func append(_ store: DiskFigures, to writer: inout MetricsWriter) {
        gauge("portico_cache_disk_objects", "Objects in the index.", store.objects, &writer)
        gauge(
            "portico_cache_disk_bytes", "Bytes of segments and journal.", store.diskBytes, &writer)
        gauge("portico_cache_disk_budget_bytes", "cache.disk.", store.budget, &writer)
        gauge("portico_cache_disk_index_bytes", "Memory of the index.", store.indexBytes, &writer)
        gauge("portico_cache_disk_segments", "Segments.", store.segments, &writer)
        gauge(
            "portico_cache_disk_segments_unread",
            "Segments that the index does not know yet after the start.", store.unscanned, &writer)
        counter("portico_cache_disk_writes_total", "Objects written.", store.written, &writer)
        counter(
            "portico_cache_disk_written_bytes_total", "Bytes written for them.",
            store.writtenBytes, &writer)
        counter(
            "portico_cache_disk_moved_total", "Objects moved out of segments that were given up.",
            store.moved, &writer)
        counter(
            "portico_cache_disk_segments_reclaimed_total", "Segments given up to make room.",
            store.reclaimed, &writer)
        counter(
            "portico_cache_disk_writes_refused_total",
            "Objects not written: too large, or the disk is left alone after a fault.",
            store.refused, &writer)
        counter(
            "portico_cache_disk_damaged_total", "Records that were not what had been written.",
            store.damaged, &writer)
        counter(
            "portico_cache_disk_errors_total", "Reads and writes that the system refused.",
            store.faults, &writer)
        gauge(
            "portico_cache_purge_journal_bytes", "Bytes of the journal.", store.journalBytes,
            &writer)
        counter(
            "portico_cache_purge_journal_syncs_total", "Times the journal waited for the device.",
            store.syncs, &writer)
    }

    private static func gauge(
        _ name: StaticString, _ help: StaticString, _ value: Int, _ writer: inout MetricsWriter
    ) {
        writer.begin(name, .gauge, help)
        writer.sample(value)
    }

    private static func counter(
        _ name: StaticString, _ help: StaticString, _ value: Int, _ writer: inout MetricsWriter
    ) {
        writer.begin(name, .counter, help)
        writer.sample(value)
    }
}
