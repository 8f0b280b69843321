import PorticoBytes
import PorticoWAF
import Testing

@Suite("XML bodies")
struct XMLBodyTests {
    private func read(
        _ text: String, limits: BodyLimits = BodyLimits()
    ) -> (XMLBody, BodyFault?) {
        var body = XMLBody()
        do throws(BodyFault) {
            try body.read(Array(text.utf8).span, limits: limits)
            return (body, nil)
        } catch {
            return (body, error)
        }
    }

    @Test func `text and attributes come in document order`() {
        let (body, fault) = read(
            """
            <?xml version="1.0"?><!-- no --><r at="v1"><a x="y">t1<b>t2</b> t3</a><?pi no?>\
            <![CDATA[cd]]>&lt;&#65;</r>
            """)
        #expect(fault == nil)
        #expect(body.text.span.text == "t1t2 t3cd<A")
        #expect(body.attributes.texts == ["at=v1", "x=y"])
    }

    @Test(
        arguments: [
            ("<a>", .malformed), ("", .malformed), ("<a></b>", .malformed), ("{}", .malformed),
            ("<a>&nope;</a>", .malformed),
            ("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>", .entity),
            ("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>", .entity),
            ("<!DOCTYPE a [<!ENTITY % e SYSTEM \"http://127.0.0.1:1/\">%e;]><a/>", .entity),
            ("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/\" [<!ENTITY e \"x\">]><a>&e;</a>", .entity),
        ] as [(String, BodyFault.Kind)])
    func `what is not well-formed or declares entities is a fault`(
        _ text: String, _ kind: BodyFault.Kind
    ) {
        #expect(read(text).1?.kind == kind)
    }

    @Test func `a document type is not loaded`() {
        let (body, fault) = read("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a b=\"c\">d</a>")
        #expect(fault == nil)
        #expect(body.text.span.text == "d")
    }

    @Test func `attributes that a document gives to all elements are bounded`() {
        let value = String(repeating: "v", count: 60_000)
        let elements = String(repeating: "<e/>", count: 900)
        let (_, fault) = read(
            "<!DOCTYPE r [<!ATTLIST e a CDATA \"\(value)\">]><r>\(elements)</r>")
        #expect(fault?.kind == .tooLarge)
    }

    @Test func `a document nested too deep is a fault`() {
        #expect(read(String(repeating: "<a>", count: 100_000)).1 != nil)
    }

    @Test func `any change of a document ends`() {
        let body = Array("<r a=\"b\"><![CDATA[x]]>&amp;&#x41;<c d='e'/>text</r>".utf8)
        var random = SmallRandom(seed: 3)
        for _ in 0..<5000 {
            var changed = body
            for _ in 0...random.below(3) {
                changed[random.below(changed.count)] =
                    Array("<>&;\"'=/!?[]x#\u{0}\n".utf8)[random.below(16)]
            }
            var read = XMLBody()
            try? read.read(changed.span)
            #expect(read.text.count <= 2 * body.count)
        }
    }
}
