import PorticoBytes
import Testing

@testable import PorticoExchange

struct ESIReaderTests {
    /// Text as it is, includes as "[src]" or "[src|alt]", reading what comes in pieces.
    private func read(_ page: String, cut: Int = .max) -> String {
        var reader = ESIReader()
        let bytes = Array(page.utf8)
        var held: [UInt8] = []
        var result: [UInt8] = []
        var end = 0
        while true {
            switch reader.next(held.span, isLast: end == bytes.count) {
            case .text(let count):
                result += held[..<count]
                held.removeFirst(count)
            case .skip(let count): held.removeFirst(count)
            case .include(let include, let count):
                let alternative = include.alternative
                result += [0x5B] + include.source
                if !alternative.isEmpty { result += [0x7C] + alternative }
                result += [0x5D]
                held.removeFirst(count)
            case .needsMore:
                if end == bytes.count { return String(decoding: result, as: UTF8.self) }
                let next = min(bytes.count, end + min(cut, bytes.count))
                held += bytes[end..<next]
                end = next
            }
        }
    }

    @Test(arguments: [
        ("no markup <b>at all</b> -- here", "no markup <b>at all</b> -- here"),
        ("a<esi:include src=\"/x\"/>b", "a[/x]b"),
        ("<esi:include src='/x?a=1&amp;b=2' alt=\"/y\" onerror=\"continue\" />", "[/x?a=1&b=2|/y]"),
        ("<esi:include src=\"/x\"></esi:include>!", "[/x]!"),
        ("<esi:include src=/x/>", "[/x]"),
        ("<esi:include\n  src = \"/a>b\"\n/>", "[/a>b]"),
        ("1<esi:remove>2<esi:include src=\"/x\"/></esi:remove>3", "13"),
        ("1<esi:comment text=\"2\"/>3", "13"),
        ("1<!--esi <p><esi:include src=\"/x\"/></p>-->2-->", "1 <p>[/x]</p>2-->"),
        ("<!-- no esi --><!--[if IE]>x<![endif]-->", "<!-- no esi --><!--[if IE]>x<![endif]-->"),
        (
            "<esi:includes src=\"/x\"/><esi:vars>y</esi:vars>",
            "<esi:includes src=\"/x\"/><esi:vars>y</esi:vars>"
        ),
        ("1<esi:remove/>2<esi:remove />3", "123"),
        ("<a></a><e/></e></esi><esi:include src=\"/x\"/>", "<a></a><e/></e></esi>[/x]"),
        ("<esi:include/>", ""),
        ("<esi:include src=\"/x\"", "<esi:include src=\"/x\""),
        ("<esi", "<esi"),
        ("<!--es", "<!--es"),
        ("<!--esi a--", " a--"),
        ("<<esi:include src=\"/x\"/>", "<[/x]"),
    ])
    func `every cut of a page reads the same`(_ page: String, _ expected: String) {
        for cut in 1...max(1, page.utf8.count) { #expect(read(page, cut: cut) == expected) }
    }

    @Test func `a tag without an end is text`() {
        let page = "a<esi:include src=\"" + String(repeating: "x", count: 20_000)
        #expect(read(page, cut: 512) == page)
    }
}
