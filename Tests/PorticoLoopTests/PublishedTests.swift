import PorticoLoop
import Testing

@Suite("Published values")
struct PublishedTests {
    final class Edition: Sendable {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test func `a subscriber sees the newest, and keeps what it holds`() {
        let published = Published(Edition(1))
        var subscription = Published.Subscription(published)
        let held = subscription.value
        published.replace(Edition(2))
        #expect(subscription.value.number == 2)
        #expect(held.number == 1)
        #expect(published.current.number == 2)
    }

    @Test func `readers on other threads never see an older one after a newer`() async {
        let published = Published(Edition(0))
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var subscription = Published.Subscription(published)
                    var last = 0
                    while last < 1000 {
                        let number = subscription.value.number
                        if number < last { return false }
                        last = number
                    }
                    return true
                }
            }
            for number in 1...1000 { published.replace(Edition(number)) }
            for await isOrdered in group { #expect(isOrdered) }
        }
    }
}
