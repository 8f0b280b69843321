import PorticoBytes
import Testing

@Suite("The shelf of blocks")
struct BlockShelfTests {
    @Test func `a block that came back is lent again`() {
        let shelf = BlockShelf()
        var first = Buffer()
        shelf.supply(&first)
        #expect(first.capacity == shelf.blockSize)
        first.append("bytes")
        first.consume(5)
        shelf.reclaim(&first)
        #expect(first.capacity == 0)
        var second = Buffer()
        shelf.supply(&second)
        #expect(second.count == 0)
        #expect(second.capacity == shelf.blockSize)
    }

    @Test func `a buffer that has storage keeps it`() {
        let shelf = BlockShelf()
        var buffer = Buffer(capacity: 100)
        buffer.append("held")
        shelf.supply(&buffer)
        #expect(buffer.capacity == 100)
        #expect(buffer.bytes.text == "held")
    }

    @Test func `a buffer that grew is freed, not shelved`() {
        let shelf = BlockShelf()
        var buffer = Buffer()
        shelf.supply(&buffer)
        buffer.reserve(shelf.blockSize * 2)
        shelf.reclaim(&buffer)
        #expect(buffer.capacity == 0)
        shelf.supply(&buffer)
        #expect(buffer.capacity == shelf.blockSize)
    }
}
