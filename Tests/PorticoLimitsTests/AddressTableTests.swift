import Testing

@testable import PorticoLimits

@Suite("Address table")
struct AddressTableTests {
    @Test func `entries that collide are found after any of them leaves`() {
        // Six entries whose runs overlap and go around the end of a table of eight.
        let homes: [UInt64] = [6, 6, 7, 6, 0, 7]
        func key(_ index: Int) -> AddressKey { AddressKey(high: 9, low: UInt64(index)) }
        for first in homes.indices {
            for second in homes.indices where second != first {
                var table = AddressTable()
                for (index, home) in homes.enumerated() {
                    let isNew = table.increment(key(index), hash: home, limit: 1)
                    #expect(isNew)
                }
                for gone in [first, second] { table.decrement(key(gone), hash: homes[gone]) }
                #expect(table.entries == 4)
                for (index, home) in homes.enumerated() {
                    let isGone = index == first || index == second
                    #expect(table.count(of: key(index), hash: home) == (isGone ? 0 : 1))
                }
            }
        }
    }

    @Test func `an entry goes when its count falls to zero`() {
        var table = AddressTable()
        let key = AddressKey(high: 0, low: 0)
        #expect(table.count(of: key, hash: 5) == 0)
        var answers: [Bool] = []
        for _ in 0..<4 { answers.append(table.increment(key, hash: 5, limit: 3)) }
        #expect(answers == [true, true, true, false])
        for rest in [2, 1, 0] {
            table.decrement(key, hash: 5)
            #expect(table.count(of: key, hash: 5) == rest)
        }
        #expect(table.entries == 0)
    }
}
