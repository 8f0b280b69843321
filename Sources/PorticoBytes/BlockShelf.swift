/// Empty blocks of one size, for the buffers of one worker.
///
/// A connection takes one when bytes come and gives it back when it has none: so an idle
/// connection holds no block, a thousand of them that take turns share a few, and those are
/// still in the processor's cache.
@safe package final class BlockShelf {
    package let blockSize: Int
    /// More than a worker's connections need at the same moment of one turn, as a rule; what
    /// comes back beyond that is freed.
    private let most: Int

    // SAFETY: each block is in here or in one buffer, never in both.
    private var blocks: [UnsafeMutableRawBufferPointer] = unsafe []

    package init(blockSize: Int = 16 << 10, most: Int = 64) {
        self.blockSize = blockSize
        self.most = most
    }

    deinit {
        while let block = unsafe blocks.popLast() { unsafe block.deallocate() }
    }

    /// Gives a buffer that has no storage a block.
    package func supply(_ buffer: inout Buffer) {
        if buffer.capacity > 0 { return }
        if let block = unsafe blocks.popLast() {
            unsafe buffer.adopt(block)
        } else {
            buffer.reserve(blockSize)
        }
    }

    /// Takes the storage of an empty buffer.
    package func reclaim(_ buffer: inout Buffer) {
        if unsafe buffer.capacity == blockSize && blocks.count < most {
            unsafe blocks.append(buffer.surrender())
        } else {
            buffer.release()
        }
    }
}
