/// Texts that several tests read.
extension ConfigurationTests {
    static let everyKeyAtItsDefault = """
        [server]
        workers = 0
        state_dir = "var"
        user = ""
        shutdown_grace = "30s"

        [[listen]]
        address = "127.0.0.1:8080"
        tls = false
        http2 = true
        h2c = false
        proxy_protocol = false
        trusted_proxies = []

        [tls]
        min_version = "1.2"
        certificates = []

        [limits]
        header_bytes = "64KiB"
        header_count = 128
        response_header_bytes = "384KiB"
        uri_bytes = "16KiB"
        body_bytes = "100MiB"
        header_timeout = "10s"
        body_timeout = "30s"
        idle_timeout = "60s"
        connections = 100000
        connections_per_ip = 1024
        streams_per_connection = 128

        [origins.shop]
        nodes = ["127.0.0.1:9001"]
        protocol = "http/1.1"
        balance = "round-robin"
        hash_key = "path"
        retries = 2
        connect_timeout = "1s"
        first_byte_timeout = "15s"
        between_bytes_timeout = "15s"
        connections_per_node = 512
        keepalive = 64
        [origins.shop.health]
        path = ""
        interval = "2s"
        timeout = "1s"
        fall = 3
        rise = 2
        expect = [200]
        [origins.shop.ejection]
        consecutive_failures = 5
        duration = "10s"

        [[site]]
        hosts = ["*"]
        origins = "shop"
        service_id = ""
        cache = true
        waf = ""
        images = false
        rate_limits = []
        compress = true
        compress_min = "1KiB"
        preset = ""
        type_keys = false
        redirect_https = false
        hsts = ""
        allow_files = []
        deny_files = []

        [cache]
        memory = "256MiB"
        disk = "0"
        max_object = "64MiB"
        default_ttl = "0s"
        path = "cache"
        grace = "0s"
        keep = "1h"
        ignore_query = []
        sort_query = true
        tag_headers = ["Surrogate-Key", "X-Magento-Tags", "Cache-Tag"]
        vary_cookie = ""
        set_cookie = "private"

        [waf.other]
        mode = "block"
        rules = ["rules/main.conf"]
        log = "waf.jsonl"
        request_body = "128KiB"
        response_body = "0"
        on_pool_full = "refuse"

        [[rate_limit]]
        name = "per-client"
        key = "client_ip"
        rate = "100/s"
        burst = 200
        match = {}
        action = "reject"

        [images]
        paths = ["*.jpg", "*.jpeg", "*.png", "*.gif", "*.webp", "*.avif"]
        max_pixels = "100M"
        max_output = 8192
        workers = 0
        timeout = "10s"
        memory = "512MiB"
        quality = 85
        auto = []
        strict = false
        client_hints = false
        on_source_error = "original"

        [admin]
        address = "127.0.0.1:8081"
        tls = false
        purge_from = ["127.0.0.0/8", "::1/128"]

        [log]
        access = "stdout"
        format = "json"
        redact = []
        level = "info"

        """

    static let everyKeyAtAnotherValue = """
        [log]
        access = "access.log"
        format = "combined"
        redact = ["token", "sess*"]
        level = "debug"

        [admin]
        address = "10.0.0.1:9000"
        tls = false
        purge_from = ["10.1.0.0/16"]
        [[admin.token]]
        name = "shop"
        sha256 = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
        sites = ["id"]
        scopes = ["purge_select", "read", "origins"]
        [[admin.token]]
        name = "root"
        sha256 = "abababababababababababababababababababababababababababababababab"
        scopes = ["admin"]

        [images]
        paths = ["/media/*"]
        max_pixels = "50M"
        max_output = 4096
        workers = 2
        timeout = "3s"
        memory = "256MiB"
        quality = 70
        auto = ["avif", "webp"]
        strict = true
        client_hints = true
        on_source_error = "422"

        [[rate_limit]]
        name = "login"
        key = "client_net+header:X-Key+cookie:sid+path+host"
        rate = "600/m"
        burst = 20
        match = { site = "shop.example", path = "/login", methods = ["POST", "PUT"] }
        action = "delay"
        [[rate_limit]]
        name = "all"
        rate = "50/s"

        [waf.strict]
        mode = "detect"
        rules = ["rules/*.conf", "/rules/a.conf"]
        log = ""
        request_body = "1MiB"
        response_body = 65536
        on_pool_full = "pass"

        [cache]
        memory = "1GiB"
        disk = "10GB"
        max_object = "1MiB"
        default_ttl = "1m"
        path = "objects"
        grace = "10s"
        keep = "0s"
        ignore_query = ["utm_*", "gclid"]
        sort_query = false
        tag_headers = ["X-Tags"]
        vary_cookie = "X-Magento-Vary"
        set_cookie = "strip"

        [[site]]
        hosts = ["Shop.example", "*.shop.example", "10.0.0.1", "[::1]"]
        origins = "app"
        service_id = "id"
        cache = false
        waf = "strict"
        images = true
        rate_limits = ["login", "all"]
        compress = false
        compress_min = "2KB"
        preset = "magento"
        type_keys = true
        redirect_https = true
        hsts = "365d"
        allow_files = ["allow.txt"]
        deny_files = ["/deny.txt"]
        [[site.route]]
        path = "/admin/*"
        cache = false
        allow = ["127.0.0.0/8"]
        origins = "api"
        [[site.route.waf_exclude]]
        rules = [942100, "942200-942299", "7"]
        tags = ["attack-*"]
        targets = ["ARGS:description"]
        [[site.route]]
        path = "*.php"

        [origins.app]
        nodes = [
            "[::1]:80",
            "localhost:81",
            { address = "app.internal:8443", weight = 5, backup = true, tls = true, sni = "app.example", ca = "ca.pem" },
        ]
        protocol = "http/1.1"
        balance = "consistent-hash"
        hash_key = "header:X-User"
        retries = 0
        connect_timeout = "500ms"
        first_byte_timeout = "1s"
        between_bytes_timeout = "2s"
        connections_per_node = 10
        keepalive = 5

        [origins.api]
        nodes = ["10.0.0.1:443"]
        protocol = "h2"

        [origins.app.ejection]
        consecutive_failures = 7
        duration = "30s"
        [origins.app.health]
        path = "/up?x=1"
        interval = "5s"
        timeout = "300ms"
        fall = 1
        rise = 4
        expect = [200, 204]

        [limits]
        header_bytes = "32KiB"
        header_count = 64
        response_header_bytes = "128KiB"
        uri_bytes = "8KiB"
        body_bytes = "10GB"
        header_timeout = "5s"
        body_timeout = "6s"
        idle_timeout = "2m"
        connections = "1M"
        connections_per_ip = 100
        streams_per_connection = 64

        [tls]
        min_version = "1.3"
        certificates = [{ cert = "a.pem", key = "a.key" }, { cert = "/b.pem", key = "/b.key" }]

        [[listen]]
        address = "0.0.0.0:80"
        h2c = true
        proxy_protocol = true
        trusted_proxies = ["10.0.0.0/8", "fd00::/8"]
        [[listen]]
        address = "[::]:443"
        tls = true
        http2 = false

        [server]
        workers = 3
        state_dir = "/var/lib/portico"
        user = "portico"
        shutdown_grace = "1m"

        """

    /// As a checker from outside writes it.
    static let fromOutside = """
        [server]
        workers = 1
        state_dir = "/tmp/x/state"
        shutdown_grace = "2s"
        [[listen]]
        address = "127.0.0.1:40001"
        [[listen]]
        address = "127.0.0.1:40002"
        tls = true
        [tls]
        certificates = [{ "cert" = "/tmp/x/cert.pem", "key" = "/tmp/x/key.pem" }]
        [limits]
        connections_per_ip = 100000
        header_timeout = "5s"
        body_timeout = "5s"
        [origins.main]
        nodes = ["127.0.0.1:40003"]
        connect_timeout = "1s"
        first_byte_timeout = "5s"
        between_bytes_timeout = "5s"
        [[site]]
        hosts = ["*"]
        origins = "main"
        cache = true
        waf = ""
        images = false
        rate_limits = []
        compress = false
        [admin]
        address = "127.0.0.1:40004"
        [[admin.token]]
        name = "acceptance"
        sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        scopes = ["admin"]
        [cache]
        memory = "256MiB"
        disk = "0"
        [log]
        access = "off"
        [origins.main.health]
        path = ""

        """
}
