internal import PorticoBytes
internal import PorticoExchange
internal import PorticoOrigins
internal import PorticoTelemetry

/// The dashboard as a page of its own: nothing is fetched from elsewhere, and without JavaScript it
/// is a snapshot. With it, `DashboardAssets.script` replaces `main` by a newer one.
struct DashboardPage {
    private let dashboard: Dashboard
    /// Seconds over which rates are taken.
    private static let window = 10
    /// Over which shares are: rarer things would jump else.
    private static let longWindow = 60

    init(_ dashboard: Dashboard) { self.dashboard = dashboard }

    /// `nonce`: what the answer's Content-Security-Policy lets in.
    func html(nonce: String) -> String {
        let page: Markup = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Portico</title>
            <link rel="icon" href="data:,">
            <style nonce="\(nonce)">\(Markup(stringLiteral: DashboardAssets.style))</style>
            </head>
            <body>
            \(main)
            <script nonce="\(nonce)">\(Markup(stringLiteral: DashboardAssets.script))</script>
            </body>
            </html>

            """
        return page.text
    }

    private var main: Markup {
        """
        <main>
        \(header)
        <section class="tiles" aria-label="At a glance">\(tiles)</section>
        <div class="columns">
        <div>\(traffic)\(origins)\(protection)</div>
        <div>\(cache)\(purges)</div>
        </div>
        </main>
        """
    }

    private var header: Markup {
        let isServing = dashboard.reasons.isEmpty
        let state: Markup =
            isServing
            ? "<span class=\"pill good\">serving</span>"
            : "<span class=\"pill bad\">not ready</span>"
        let why = dashboard.reasons.map { reason -> Markup in "<p class=\"why\">\(reason)</p>" }
        return """
            <header>
            <h1>\(Markup(stringLiteral: DashboardAssets.mark))Portico</h1>\(state)
            <p class="facts"><span>version <b>\(dashboard.version)</b></span>
            <span>up <b>\(StatusView.span(dashboard.uptime))</b></span>
            <span>workers <b>\(dashboard.workers)</b></span>
            <span>memory <b>\(Figure.bytes(dashboard.residentBytes))</b></span>
            <span>configuration <b><code>\(dashboard.configuration)</code></b></span></p>
            </header>
            \(why)
            """
    }

    // MARK: - Tiles

    private var tiles: [Markup] {
        let (added, seconds) = dashboard.traffic.recent(Self.window)
        let (minute, _) = dashboard.traffic.recent(Self.longWindow)
        let latency = dashboard.latency
        func quantile(_ share: Double) -> String {
            guard let time = latency.quantile(share) else { return "–" }
            // A hit is looked up and answered within one turn of the loop, whose clock stands.
            return time < 100 ? "< 0.1 ms" : Figure.duration(microseconds: time)
        }
        let errors = minute.classes[4]
        return [
            tile(
                "Requests", Figure.rate(added.requests, over: seconds), unit: "/s",
                note: "\(Figure.grouped(dashboard.totals[.requestsInFlight])) under way, "
                    + "\(Figure.grouped(dashboard.connections)) connections"),
            tile(
                "Hit ratio", Figure.share(minute.hits, of: minute.asked),
                note: minute.asked == 0
                    ? "nothing asked in the last minute"
                    : "\(Figure.grouped(minute.asked)) asked in the last minute"),
            tile(
                "Latency", quantile(0.5),
                note: "p95 \(quantile(0.95)), p99 \(quantile(0.99)), last minute"),
            tile(
                "Errors 5xx", Figure.share(errors, of: minute.requests),
                note: "\(Figure.grouped(errors)) in the last minute", isBad: errors > 0),
            tile(
                "Out", Figure.bytes(added.bytesOut / seconds), unit: "/s",
                note: "\(Figure.bytes(dashboard.totals[.clientBytesOut])) since the start"),
        ]
    }

    private func tile(
        _ name: String, _ value: String, unit: String = "", note: String, isBad: Bool = false
    ) -> Markup {
        """
        <div class="tile\(isBad ? " alarming" : "")"><h2>\(name)</h2>
        <p class="value">\(value)<small>\(unit)</small></p><p class="note">\(note)</p></div>
        """
    }

    // MARK: - Traffic

    private var traffic: Markup {
        let (minute, _) = dashboard.traffic.recent(Self.longWindow)
        let names = ["1xx", "2xx", "3xx", "4xx", "5xx"]
        let sums = [Count.requests1xx, .requests2xx, .requests3xx, .requests4xx, .requests5xx]
            .map { dashboard.totals[$0] }
        let rows = names.indices.dropFirst().map { index -> Markup in
            """
            <tr><th scope="row"><i class="c\(names[index])"></i>\(names[index])</th>
            <td>\(Figure.grouped(minute.classes[index]))</td>
            <td>\(Figure.share(minute.classes[index], of: minute.requests))</td>
            <td>\(Figure.grouped(sums[index]))</td></tr>
            """
        }
        return """
            <section><h2>Requests a second <small>the last three minutes</small></h2>
            \(chart)
            \(stack(minute.classes, names))
            <table class="numbers"><thead><tr><th scope="col">Status</th><th scope="col">last minute</th>
            <th scope="col">share</th><th scope="col">since the start</th></tr></thead>
            <tbody>\(rows)</tbody></table></section>
            """
    }

    /// The newest second at the right edge.
    private var chart: Markup {
        let values = dashboard.traffic.requestsPerSecond
        let width = 720, height = 120
        let most = max(values.max() ?? 0, 1)
        let step = Double(width) / Double(TrafficHistory.span - 1)
        let first = Double(width) - step * Double(max(values.count - 1, 0))
        func place(_ index: Int) -> String {
            let x = Int((first + step * Double(index)).rounded())
            let y = height - 4 - (height - 12) * values[index] / most
            return "\(x),\(y)"
        }
        let line = values.indices.map(place).joined(separator: " ")
        let start = Int(first.rounded())
        return """
            <div class="chart"><svg viewBox="0 0 \(width) \(height)" preserveAspectRatio="none" role="img"
            aria-label="Requests a second, at most \(Figure.grouped(most))">
            <path class="grid" d="M0 8H\(width)M0 \(height / 2 + 2)H\(width)M0 \(height - 4)H\(width)"/>
            <polygon class="area" points="\(start),\(height - 4) \(line) \(width),\(height - 4)"/>
            <polyline class="line" points="\(line)"/></svg>
            <span class="top">\(Figure.grouped(most))</span><span class="from">3 min ago</span>
            <span class="to">now</span></div>
            """
    }

    private func stack(_ classes: [Int], _ names: [String]) -> Markup {
        let sum = classes.reduce(0, +)
        var x = 0
        var parts: [Markup] = []
        for (count, name) in zip(classes, names) where count > 0 {
            // What is there is seen, however little.
            let width = max(4, count * 1000 / sum)
            parts.append("<rect class=\"c\(name)\" x=\"\(x)\" width=\"\(width)\" height=\"10\"/>")
            x += width
        }
        return """
            <svg class="stack" viewBox="0 0 \(max(x, 1000)) 10" preserveAspectRatio="none"
            aria-hidden="true">\(parts)</svg>
            """
    }

    // MARK: - Origins

    private var origins: [Markup] {
        dashboard.pools.map { pool in
            let rows = pool.nodes.map { node -> Markup in
                """
                <tr><th scope="row">\(node.name)\(node.isBackup ? " <small>backup</small>" : "")</th>
                <td class="text"><span class="pill \(tone(of: node))">\(node.word)</span></td>
                <td>\(Figure.grouped(node.inFlight))</td><td>\(Figure.grouped(node.requests))</td>
                <td>\(Figure.grouped(node.failures))</td>
                <td class="text change">\(change(of: node))</td></tr>
                """
            }
            return """
                <section><h2>Origin pool <code>\(pool.name)</code></h2>
                <table class="numbers"><thead><tr><th scope="col">Node</th>
                <th scope="col" class="text">State</th><th scope="col">under way</th>
                <th scope="col">requests</th><th scope="col">failures</th>
                <th scope="col" class="text change">last change</th></tr></thead>
                <tbody>\(rows)</tbody></table></section>
                """
        }
    }

    private func tone(of node: NodeReport) -> String {
        switch node.word {
        case "up": "good"
        case "down", "ejected": "bad"
        default: "warning"
        }
    }

    private func change(of node: NodeReport) -> Markup {
        guard let last = node.lastChange else { return "–" }
        let ago = Int(dashboard.now.since(last.at).components.seconds)
        return "\(last.change.words), \(StatusView.span(ago)) ago"
    }

    // MARK: - Cache

    private var cache: Markup {
        guard dashboard.hasCache else {
            return "<section><h2>Cache</h2><p class=\"none\">No cache is configured.</p></section>"
        }
        let bars = dashboard.bars.map { bar -> Markup in
            let budget = bar.budget > 0 ? " of \(Figure.bytes(bar.budget))" : ""
            return """
                <div class="bar"><p><b>\(bar.name)</b><span>\(Figure.bytes(bar.used))\(budget)</span>
                <span class="note">\(bar.note)</span></p>
                <meter min="0" max="\(max(bar.budget, 1))" value="\(min(bar.used, bar.budget))"></meter></div>
                """
        }
        let outcomes: [(String, Count)] = [
            ("hits", .cacheHits), ("joined", .cacheJoined), ("stale", .cacheStale),
            ("revalidated", .cacheRevalidated), ("misses", .cacheMisses), ("passes", .cachePasses),
        ]
        return """
            <section><h2>Cache</h2>\(bars)
            \(counts(outcomes.map { ($0.0, dashboard.totals[$0.1]) } + [("evictions", dashboard.evictions)]))
            </section>
            """
    }

    /// Sums since the start, as a row of words and numbers.
    private func counts(_ list: [(String, Int)]) -> Markup {
        let items = list.map { name, count -> Markup in
            "<div><dt>\(name)</dt><dd>\(Figure.grouped(count))</dd></div>"
        }
        return "<dl>\(items)</dl>"
    }

    // MARK: - Protection

    private var protection: Markup {
        let totals = dashboard.totals
        let malformed = [
            Count.requestFaults400, .requestFaults408, .requestFaults413, .requestFaults414,
            .requestFaults421, .requestFaults431, .requestFaults501, .requestFaults505,
        ].reduce(0) { $0 + totals[$1] }
        let rows = dashboard.limits.map { limit -> Markup in
            let cells = limit.counts.map { _, count -> Markup in
                "<td>\(Figure.grouped(count))</td>"
            }
            return """
                <tr><th scope="row">\(limit.name) <small>\(limit.rate)</small></th>\(cells)
                <td>\(Figure.grouped(limit.keys))</td></tr>
                """
        }
        let table: Markup =
            rows.isEmpty
            ? "<p class=\"none\">No rate limit is configured.</p>"
            : """
            <table class="numbers"><thead><tr><th scope="col">Rate limit</th><th scope="col">refused</th>
            <th scope="col">delayed</th><th scope="col">noted</th><th scope="col">keys</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            """
        return """
            <section><h2>Protection <small>since the start</small></h2>
            \(counts(dashboard.firewall + [
                ("malformed requests", malformed),
                ("connections refused",
                    totals[.connectionsRefusedByAddress] + totals[.connectionsRefusedByTotal]),
                ("failed handshakes", totals[.tlsHandshakesFailed]),
            ]))
            \(table)</section>
            """
    }

    // MARK: - Purges

    private var purges: Markup {
        if !dashboard.hasCache { return "" }
        if dashboard.purges.isEmpty {
            return "<section><h2>Purges</h2><p class=\"none\">None yet.</p></section>"
        }
        let rows = dashboard.purges.map { purge -> Markup in
            """
            <li><b>\(purge.what)</b><span>\(purge.site), by \(purge.caller), in \
            \(Figure.duration(microseconds: purge.microseconds))</span>
            <time>\(StatusView.span(purge.secondsAgo)) ago</time></li>
            """
        }
        return "<section><h2>Purges <small>the latest</small></h2><ol>\(rows)</ol></section>"
    }
}
