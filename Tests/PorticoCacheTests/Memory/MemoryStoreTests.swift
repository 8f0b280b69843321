import PorticoBytes
import PorticoHTTP
import Synchronization
import Testing

@testable import PorticoCache

@Suite("The memory store")
struct MemoryStoreTests {
    @Test func `what was put is found until it is removed`() {
        let shelf = Shelf()
        #expect(shelf.find("a") == nil)
        shelf.put("a", size: 5, fill: 7)
        #expect(readAll(shelf.find("a")!.response.body)! == ([7, 7, 7, 7, 7], .finished))
        let key = bytes("a")
        #expect(shelf.store.removeAll(key.span, shelf.store.hash(key.span)) == 1)
        #expect(shelf.find("a") == nil)
    }

    @Test func `head, key and variant come back as they were`() {
        let shelf = Shelf()
        shelf.put("https://a/b?c", variant: "gzip")
        let response = shelf.find("https://a/b?c")!.response
        #expect(response.name == "https://a/b?c")
        #expect(response.variantName == "gzip")
        let fields = response.head.fields
        let type = fields.value(at: 0).text
        #expect(type == "text/plain")
    }

    @Test func `variants stand side by side, the newest is asked first`() {
        let shelf = Shelf()
        for variant in ["x", "y", "z"] { shelf.put("a", variant: variant) }
        #expect(shelf.find("a", variant: "y")!.response.variantName == "y")
        #expect(shelf.find("a")!.response.variantName == "z")
        shelf.put("a", variant: "x", fill: 9)
        #expect(shelf.find("a")!.response.variantName == "x")
        #expect(shelf.store.usage.objects == 3)
    }

    @Test func `of too many variants the oldest goes`() {
        let shelf = Shelf(maxVariants: 3)
        for variant in ["v", "w", "x", "y"] { shelf.put("a", variant: variant) }
        #expect(shelf.find("a", variant: "v") == nil)
        #expect(shelf.find("a", variant: "w") != nil)
        #expect(shelf.store.usage.objects == 3)
    }

    @Test func `what fails while it is filled is not found any more`() {
        let shelf = Shelf()
        let writer = shelf.store.makeBody(expecting: 10)!
        shelf.store.insert(shelf.make("a", body: writer.body))
        #expect(shelf.find("a") != nil)
        _ = consume writer
        #expect(shelf.find("a") == nil)
        #expect(shelf.store.sweep(budget: 100_000).removed == 1)
    }

    @Test func `too large is not taken at all, and what becomes too large is not kept`() {
        let shelf = Shelf(maxObject: 1000)
        if shelf.store.makeBody(expecting: 1001) != nil { Issue.record("taken") }
        var writer = shelf.store.makeBody(expecting: nil)!
        shelf.store.insert(shelf.make("a", body: writer.body))
        let block = Array(repeating: UInt8(1), count: 600)
        var isKept = writer.append(block.span)
        #expect(isKept)
        #expect(shelf.find("a") != nil)
        isKept = writer.append(block.span)
        #expect(!isKept)
        #expect(shelf.find("a") == nil)
    }

    /// Operations at random against a dictionary; no memory is short, so both must agree.
    @Test(arguments: 0..<4) func `it does what a dictionary does`(_ seed: UInt64) {
        var dice = Dice(state: seed)
        let shelf = Shelf()
        var model: [String: [String: Int]] = [:]
        for step in 0..<6000 {
            let key = "k\(Int.random(in: 0..<300, using: &dice))"
            let variant = "v\(Int.random(in: 0..<3, using: &dice))"
            switch Int.random(in: 0..<10, using: &dice) {
            case 0..<4:
                shelf.put(key, variant: variant, size: step % 50 + 1)
                model[key, default: [:]][variant] = step % 50 + 1
            case 4:
                let name = bytes(key)
                let removed = shelf.store.removeAll(name.span, shelf.store.hash(name.span))
                #expect(removed == (model.removeValue(forKey: key) ?? [:]).count)
            case 5:
                if let response = shelf.find(key, variant: variant)?.response {
                    #expect(shelf.store.remove(response))
                    model[key]?[variant] = nil
                }
            default:
                let found = shelf.find(key, variant: variant)?.response.body.length
                #expect(found == model[key]?[variant])
            }
        }
        #expect(shelf.store.usage.objects == model.values.reduce(0) { $0 + $1.count })
        for (key, variants) in model {
            for (variant, size) in variants {
                #expect(shelf.find(key, variant: variant)?.response.body.length == size)
            }
        }
    }

    @Test func `the budget is never exceeded, and everything is given back`() {
        let shelf = Shelf(memory: 4 << 20)
        var dice = Dice(state: 1)
        var most = 0
        for step in 0..<3000 {
            let size = Int.random(in: 0..<12, using: &dice) == 0 ? 90_000 : step % 3000
            shelf.put("k\(step)", tags: "t\(step % 100) all", size: size)
            most = max(most, shelf.store.meter.bytes + shelf.ledger.bytes)
        }
        // What is being put is charged before there is room: one object more than the budget.
        #expect(most <= (4 << 20) + 4096)
        #expect(most > 3 << 20)
        let kept = shelf.store.usage
        #expect(kept.objects > 50)
        for response in shelf.store.entries(where: { _ in true }) { shelf.store.remove(response) }
        shelf.store.pool.cool()
        #expect(shelf.store.meter.bytes == shelf.store.usage.indexBytes)
    }

    @Test func `what is read while it is evicted counts until it has been read`() {
        let shelf = Shelf(memory: 2 << 20, maxObject: 1 << 20)
        shelf.put("a", size: 900_000)
        var held = shelf.find("a")
        for step in 0..<400 { shelf.put("k\(step)", size: 10_000) }
        #expect(shelf.find("a") == nil)
        #expect(held!.response.body.length == 900_000)
        #expect(shelf.store.meter.bytes > 900_000)
        #expect(shelf.store.meter.bytes + shelf.ledger.bytes <= 2 << 20)
        held = nil
        shelf.store.pool.cool()
        #expect(shelf.store.meter.bytes + shelf.ledger.bytes < 1_300_000)
    }

    @Test func `a scan leaves what is asked for often where it is`() {
        let shelf = Shelf(memory: 8 << 20)
        let favourites = (0..<500).map { "hot\($0)" }
        for key in favourites { shelf.put(key, size: 2000) }
        for _ in 0..<3 { for key in favourites { #expect(shelf.find(key) != nil) } }
        for step in 0..<20_000 {
            shelf.put("cold\(step)", size: 2000)
            if step % 40 == 0 { _ = shelf.find(favourites[step / 40 % 500]) }
        }
        #expect(shelf.store.usage.evictions > 15_000)
        let left = favourites.filter { shelf.find($0) != nil }.count
        #expect(left > 475, "\(left) of 500 are left")
    }

    @Test func `those asked for most come first after a soft purge`() {
        let shelf = Shelf()
        for index in 0..<50 {
            shelf.put("k\(index)", tags: "t")
            for _ in 0..<index { _ = shelf.find("k\(index)") }
        }
        shelf.put("other")
        for _ in 0..<100 { _ = shelf.find("other") }
        let receipt = shelf.purge("t", .soft)
        let hottest = shelf.store.hottest(staleAfter: receipt.number, limit: 3)
        #expect(hottest.map(\.name) == ["k49", "k48", "k47"])
    }

    @Test func `many threads put, find, purge and remove`() async {
        let shelf = Shelf(memory: 2 << 20)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var dice = Dice(state: UInt64(worker))
                    for step in 0..<3000 {
                        let number = Int.random(in: 0..<400, using: &dice)
                        let key = "k\(number)"
                        switch Int.random(in: 0..<8, using: &dice) {
                        case 0, 1:
                            shelf.put(
                                key, tags: "t\(number % 7) u\(step % 50)",
                                size: number * 50, fill: UInt8(number % 251))
                        case 2: shelf.purge("t\(number % 7)", number % 2 == 0 ? .hard : .soft)
                        case 3: _ = shelf.store.sweep(budget: 100)
                        default:
                            guard let found = shelf.find(key)?.response else { continue }
                            #expect(found.name == key)
                            let (all, progress) = readAll(found.body)!
                            #expect(progress == .finished && all.count == number * 50)
                            #expect(all.allSatisfy { $0 == UInt8(number % 251) })
                        }
                    }
                }
            }
        }
        #expect(shelf.store.meter.bytes + shelf.ledger.bytes <= 2 << 20)
    }

    @Test func `eviction weighs what has grown since it was inserted`() {
        let shelf = Shelf()
        var writer = BodyWriter(shelf.store, expecting: nil)
        let response = shelf.make("a", body: writer.body)
        shelf.store.insert(response)
        let before = shelf.store.weight
        _ = writer.append(Array(repeating: 1, count: 64_000).span)
        writer.finish()
        shelf.store.reweigh(response)
        #expect(shelf.store.weight - before == 1000)
        shelf.store.remove(response)
        #expect(shelf.store.weight == 0)
    }
}
