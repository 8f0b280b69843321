internal import PorticoBytes
internal import PorticoHTTP

/// Fields by which frameworks let a proxy say another host, path or method than the request line
/// does.
///
/// They are not in the cache's key. A page that was made under one of them from a stranger would
/// be handed to everybody who asks for the URL (cache poisoning); so on a request whose answer may
/// be stored, an origin gets none of them but from a trusted proxy.
enum UnkeyedOverrides {
    private static let names: [StaticString] = [
        "x-host", "x-original-host", "x-forwarded-server", "x-forwarded-scheme",
        "x-forwarded-ssl", "x-forwarded-prefix", "x-forwarded-path", "x-forwarded-uri",
        "x-original-url", "x-original-uri", "x-rewrite-url", "x-http-method",
        "x-http-method-override", "x-method-override",
    ]

    static func remove(from fields: inout Fields) {
        fields.removeAll { line, name in isOne(line, name) }
    }

    static func stand(in fields: borrowing Fields) -> Bool {
        for index in 0..<fields.count where isOne(fields.lines[index], fields.name(at: index)) {
            return true
        }
        return false
    }

    private static func isOne(_ line: Fields.Line, _ name: Span<UInt8>) -> Bool {
        guard line.name == .other, name.count >= 6, name[0] | 0x20 == 0x78 else { return false }
        return names.contains { name.equalsFolded($0) }
    }
}
