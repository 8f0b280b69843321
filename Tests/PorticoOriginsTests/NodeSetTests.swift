import Testing

@testable import PorticoOrigins

@Suite("Node set")
struct NodeSetTests {
    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 1000])
    func `it holds what was put in and nothing else`(_ index: Int) {
        var set = NodeSet()
        #expect(!set.contains(index))
        set.insert(index)
        for other in 0...1100 { #expect(set.contains(other) == (other == index)) }
        set.insert(index)
        set.insert(7)
        #expect(set.contains(index) && set.contains(7))
    }
}
