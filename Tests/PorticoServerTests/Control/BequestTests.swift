import PorticoBytes
import Testing

@testable import PorticoServer

@Suite("What a process leaves to the next")
struct BequestTests {
    @Test func `reads what it wrote`() throws {
        let text =
            "control=12 admin=127.0.0.1:8081/0:7 data=[::1]:8080/0:8,9 data=127.0.0.1:0/1:10,11"
        let read = try #require(Bequest(text))
        #expect(read.control == 12)
        #expect(read.admin.map(\.descriptors) == [[7]])
        #expect(read.data.map(\.descriptors) == [[8, 9], [10, 11]])
        #expect(read.data[1].place.ordinal == 1)
        #expect(read.data[0].place.address == SocketAddress("[::1]:8080"))
        #expect(read.text == text)
    }

    @Test(arguments: [
        "", "control=2", "control=x", "data=127.0.0.1:80/0:8", "control=9 data=127.0.0.1:80/0:",
        "control=9 data=127.0.0.1:80/0:1", "control=9 data=127.0.0.1:80:8",
        "control=9 data=nowhere/0:8", "control=9 more=1", "control=9 data=127.0.0.1:80/0:8,y",
    ])
    func `refuses what is something else`(_ text: String) {
        #expect(Bequest(text) == nil)
    }

    @Test func `the last word names descriptors`() {
        #expect(Bequest.descriptors(in: "ready 7,8", after: "ready") == [7, 8])
        #expect(Bequest.descriptors(in: "ready ", after: "ready") == [])
        #expect(Bequest.descriptors(in: "ready", after: "ready") == [])
        #expect(Bequest.descriptors(in: "ready 7,x", after: "ready") == nil)
        #expect(Bequest.descriptors(in: "listening", after: "ready") == nil)
    }
}
