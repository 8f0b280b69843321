import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Address book")
struct AddressBookTests {
    private var book = AddressBook<String>()

    init() { book.add("shop", at: second(0)) }

    @Test func `a new name is due at once and has no address`() {
        var book = book
        #expect(book.due(at: second(0)) == ["shop"])
        #expect(book.next(of: "shop") == nil)
        #expect(book.next(of: "other") == nil)
    }

    @Test func `addresses take turns`() {
        var book = book
        #expect(book.learn(["a", "b", "c"], of: "shop", ttl: nil, at: second(0)) == true)
        #expect((0..<5).map { _ in book.next(of: "shop") } == ["a", "b", "c", "a", "b"])
    }

    @Test(arguments: [
        (nil, 30.0), (Duration.zero, 1), (.seconds(300), 300), (.seconds(86400), 3600),
    ])
    func `the name is asked for again when its time is over`(_ ttl: Duration?, _ due: Double) {
        var book = book
        _ = book.learn(["a"], of: "shop", ttl: ttl, at: second(0))
        #expect(book.nextDue == second(due))
        #expect(book.due(at: second(due - 0.1)) == [])
        #expect(book.due(at: second(due)) == ["shop"])
    }

    @Test func `another order is no news`() {
        var book = book
        _ = book.learn(["a", "b"], of: "shop", ttl: nil, at: second(0))
        #expect(book.next(of: "shop") == "a")
        #expect(book.learn(["b", "a"], of: "shop", ttl: nil, at: second(30)) == false)
        #expect(book.next(of: "shop") == "b")
        #expect(book.learn(["b", "c"], of: "shop", ttl: nil, at: second(60)) == true)
        #expect(book["shop"]?.addresses == ["b", "c"])
    }

    @Test func `a failed resolution keeps the old addresses and is repeated ever later`() {
        var book = book
        _ = book.learn(["a"], of: "shop", ttl: nil, at: second(0))
        for wait in [1.0, 2, 4, 8, 16, 30, 30, 30] {
            book.failed("shop", at: second(100))
            #expect(book.nextDue == second(100 + wait))
        }
        #expect(book.learn([], of: "shop", ttl: nil, at: second(200)) == false)
        #expect(book.next(of: "shop") == "a")
        #expect(book["shop"]?.failuresInRow == 9)
        _ = book.learn(["a"], of: "shop", ttl: nil, at: second(300))
        #expect(book["shop"]?.failuresInRow == 0)
    }

    @Test func `names that left the configuration are forgotten`() {
        var book = book
        book.add("api", at: second(5))
        book.add("shop", at: second(9))
        #expect(book.due(at: second(5)) == ["api", "shop"])
        book.keepOnly(["api"])
        #expect(book.due(at: second(5)) == ["api"])
    }
}
