import PorticoLimits
import Synchronization
import Testing

@Suite("Connection ledger")
struct ConnectionLedgerTests {
    private let here = AddressKey(high: 0, low: 0xFFFF_C000_0207)
    private let there = AddressKey(high: 0x2001_0DB8 << 32, low: 1)

    @Test func `an address gets its share and no more`() {
        let ledger = ConnectionLedger(seed: (1, 2))
        #expect(ledger.admit(here, connections: 10, perAddress: 2) == .admitted)
        #expect(ledger.admit(here, connections: 10, perAddress: 2) == .admitted)
        #expect(ledger.admit(here, connections: 10, perAddress: 2) == .refusedByAddress)
        #expect(ledger.admit(there, connections: 10, perAddress: 2) == .admitted)
        #expect(ledger.count == 3)
        ledger.release(here)
        #expect(ledger.admit(here, connections: 10, perAddress: 2) == .admitted)
        #expect(ledger.count(of: here) == 2)
        #expect(ledger.count(of: there) == 1)
    }

    @Test func `all addresses together stay below the total`() {
        let ledger = ConnectionLedger(seed: (1, 2))
        for low in 0..<5 {
            let address = AddressKey(high: 0, low: UInt64(low))
            #expect(ledger.admit(address, connections: 5, perAddress: .max) == .admitted)
        }
        #expect(ledger.admit(here, connections: 5, perAddress: .max) == .refusedByTotal)
        #expect(ledger.count == 5)
        #expect(ledger.count(of: here) == 0)
        // A reload may lower the limits while more are open.
        #expect(ledger.admit(here, connections: 2, perAddress: .max) == .refusedByTotal)
        #expect(ledger.admit(here, connections: 6, perAddress: 0) == .refusedByAddress)
        #expect(ledger.admit(here, connections: 6, perAddress: 1) == .admitted)
    }

    @Test func `random operations agree with a dictionary`() {
        struct Key: Hashable { var high: UInt64, low: UInt64 }
        var random = SystemRandomNumberGenerator()
        let ledger = ConnectionLedger(seed: (random.next(), random.next()))
        var model: [Key: Int] = [:]
        var open: [Key] = []
        // The number of addresses swings, so that tables fill, empty and fill again.
        for step in 0..<200_000 {
            let isFilling = step / 20_000 % 2 == 0
            if Int.random(in: 0..<10, using: &random) < (isFilling ? 7 : 3) || open.isEmpty {
                let key = Key(
                    high: UInt64.random(in: 0..<4, using: &random),
                    low: UInt64.random(in: 0..<4000, using: &random))
                let admission = ledger.admit(
                    AddressKey(high: key.high, low: key.low), connections: 7000, perAddress: 3)
                let expected: ConnectionLedger.Admission =
                    open.count >= 7000
                    ? .refusedByTotal
                    : model[key, default: 0] >= 3 ? .refusedByAddress : .admitted
                guard admission == expected else {
                    Issue.record("step \(step): \(admission) instead of \(expected)")
                    return
                }
                if admission == .admitted {
                    model[key, default: 0] += 1
                    open.append(key)
                }
            } else {
                let index = Int.random(in: open.indices, using: &random)
                open.swapAt(index, open.count - 1)
                let key = open.removeLast()
                ledger.release(AddressKey(high: key.high, low: key.low))
                model[key] = (model[key] ?? 0) == 1 ? nil : (model[key] ?? 0) - 1
            }
        }
        #expect(ledger.count == open.count)
        for high in 0..<4 as Range<UInt64> {
            for low in 0..<4000 as Range<UInt64> {
                let count = ledger.count(of: AddressKey(high: high, low: low))
                guard count == model[Key(high: high, low: low), default: 0] else {
                    Issue.record("\(high), \(low): \(count)")
                    return
                }
            }
        }
    }

    @Test func `workers that share it never exceed a limit`() async {
        let ledger = ConnectionLedger(seed: (3, 4))
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 as Range<UInt64> {
                group.addTask {
                    for round in 0..<5000 as Range<UInt64> {
                        let address = AddressKey(high: 0, low: (round &* 7 + worker) % 5)
                        if ledger.admit(address, connections: 3, perAddress: 2) == .admitted {
                            #expect((1...2).contains(ledger.count(of: address)))
                            ledger.release(address)
                        }
                    }
                }
            }
        }
        #expect(ledger.count == 0)
        for low in 0..<5 as Range<UInt64> {
            #expect(ledger.count(of: AddressKey(high: 0, low: low)) == 0)
        }
    }
}
