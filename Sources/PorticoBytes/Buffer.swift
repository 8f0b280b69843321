/// Bytes on their way from one place to another: what has been appended and not yet consumed.
///
/// One owner. The storage grows on demand up to what the caller allows, and is given back as a
/// whole by `release()`, so that an idle connection holds none.
///
///     block  |  consumed  |  bytes  |  free  |
///            0          start      end     capacity
@safe @usableFromInline package struct Buffer: ~Copyable {
    @usableFromInline var block: UnsafeMutableRawBufferPointer
    @usableFromInline var start = 0
    @usableFromInline var end = 0

    /// Holds no storage until something is appended.
    package init() {
        unsafe block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    package init(capacity: Int) {
        unsafe block = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit { unsafe block.deallocate() }

    @inlinable package var count: Int { end - start }
    @inlinable package var isEmpty: Bool { start == end }
    @inlinable package var capacity: Int { unsafe block.count }
    /// How many bytes can be appended without the storage growing.
    @inlinable package var room: Int { unsafe block.count - (end - start) }

    /// The bytes that have been appended and not consumed.
    @inlinable package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: start...end lies in the block, which lives and stays put while self is borrowed.
            let span = unsafe Span<UInt8>(
                _unsafeBytes: UnsafeRawBufferPointer(rebasing: block[start..<end]))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Lends the bytes, where the buffer is a class's property and a span of it would have to
    /// outlive the access.
    @inlinable package func withBytes<R, E: Error>(
        _ body: (Span<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        try body(bytes)
    }

    /// Lends a part of the bytes.
    @inlinable package func withBytes<R>(in range: ByteRange, _ body: (Span<UInt8>) -> R) -> R {
        body(bytes.extracting(range.range))
    }

    /// Makes sure that `count` more bytes fit; what is held moves to the front if that is enough.
    @inlinable package mutating func reserve(_ count: Int) {
        if unsafe block.count - end < count { makeRoom(count) }
    }

    @usableFromInline mutating func makeRoom(_ count: Int) {
        let held = end - start
        if unsafe block.count - held >= count {
            // SAFETY: both ranges lie in the block; memmove allows them to overlap.
            unsafe block.baseAddress!.copyMemory(
                from: block.baseAddress! + start, byteCount: held)
        } else {
            let wanted = unsafe max(held + count, block.count * 2, 512)
            // More than a byte's alignment is another, slower allocator's.
            let grown = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 1)
            unsafe grown.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[start..<end]))
            unsafe block.deallocate()
            unsafe block = grown
        }
        start = 0
        end = held
    }

    /// Lets `fill` write into at least `count` free bytes; it returns how many it wrote.
    @unsafe @inlinable package mutating func append<E: Error>(
        upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) -> Int {
        reserve(count)
        let written = unsafe try fill(UnsafeMutableRawBufferPointer(rebasing: block[end...]))
        precondition(unsafe written >= 0 && written <= block.count - end)
        end += written
        return written
    }

    @inlinable package mutating func append(_ source: Span<UInt8>) {
        let count = source.count
        if count == 0 { return }
        reserve(count)
        // SAFETY: reserve has made room for count bytes behind end.
        unsafe source.withUnsafeBytes { bytes in
            unsafe (block.baseAddress! + end).copyMemory(from: bytes.baseAddress!, byteCount: count)
        }
        end += count
    }

    @inlinable package mutating func append(_ literal: StaticString) {
        let count = literal.utf8CodeUnitCount
        reserve(count)
        // SAFETY: reserve has made room; a static string's bytes live for ever.
        unsafe (block.baseAddress! + end).copyMemory(
            from: literal.utf8Start, byteCount: count)
        end += count
    }

    @inlinable package mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe block[end] = byte
        end += 1
    }

    /// Disfavoured, so that a literal is a `StaticString` and nothing is built at run time.
    @_disfavoredOverload package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            append(unsafe Span<UInt8>(_unsafeElements: bytes))
        }
    }

    /// Appends `name: value` and a line end, in one go: heads are made of such lines.
    ///
    /// A control byte in the value would begin a line of its own; it becomes a space, in the way
    /// of RFC 9110 §5.5, but for the tab.
    package mutating func append(fieldLine name: Span<UInt8>, _ value: Span<UInt8>) {
        let size = name.count + value.count + 4
        reserve(size)
        // SAFETY: reserve has made room for size bytes behind end, and all writes are below that.
        let target = unsafe block.baseAddress! + end
        _ = unsafe Self.copy(name, to: target)
        unsafe target.storeBytes(of: 0x203A, toByteOffset: name.count, as: UInt16.self)
        let start = unsafe target + (name.count + 2)
        if unsafe Self.copy(value, to: start) {
            let copied = unsafe start.assumingMemoryBound(to: UInt8.self)
            var index = value.firstControl(from: 0, to: value.count)
            while index < value.count {
                if value[index] != 0x09 { unsafe copied[index] = 0x20 }
                index = value.firstControl(from: index + 1, to: value.count)
            }
        }
        unsafe target.storeBytes(of: 0x0A0D, toByteOffset: size - 2, as: UInt16.self)
        end += size
    }

    /// Copies what is nearly always short, and answers whether there are controls in it.
    @unsafe @inline(__always) private static func copy(
        _ source: Span<UInt8>, to target: UnsafeMutableRawPointer
    ) -> Bool {
        let count = source.count
        let bytes = unsafe source.bytes
        var hits: UInt64 = 0
        if count < 8 {
            for index in 0..<count {
                let byte = source[index]
                unsafe target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
                if byte < 0x20 || byte == 0x7F { hits = 1 }
            }
            return hits != 0
        }
        var index = 0
        while index < count {
            // The last word begins with bytes that the one before has copied.
            let place = min(index, count &- 8)
            // SAFETY: 0 <= place, and place + 8 <= count.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
            unsafe target.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
            hits |= Span<UInt8>.controls(in: word)
            index = place &+ 8
        }
        return hits != 0
    }

    /// Appends a number in decimal digits.
    package mutating func append(decimal number: UInt64) {
        reserve(20)
        var digits = 1
        var rest = number / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        rest = number
        var index = end + digits
        repeat {
            index -= 1
            unsafe block[index] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        } while index > end
        end += digits
    }

    /// Appends a number in lower-case hexadecimal digits, without leading zeros.
    package mutating func append(hexadecimal number: UInt64) {
        let digits = max(1, (64 - number.leadingZeroBitCount + 3) / 4)
        reserve(digits)
        for digit in 0..<digits {
            let value = UInt8(truncatingIfNeeded: number >> UInt64(4 * (digits - 1 - digit))) & 15
            unsafe block[end + digit] = value < 10 ? value &+ 0x30 : value &+ 0x57
        }
        end += digits
    }

    /// The first `count` bytes are done with.
    @inlinable package mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= end - start)
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Takes back the last `count` bytes.
    package mutating func dropLast(_ count: Int) {
        precondition(count >= 0 && count <= end - start)
        end -= count
    }

    /// Forgets what is held and keeps the storage.
    @inlinable package mutating func removeAll() {
        start = 0
        end = 0
    }

    /// Gives the storage back. Only for an empty buffer: nothing may be lost.
    package mutating func release() {
        precondition(isEmpty, "released a buffer that holds bytes")
        unsafe block.deallocate()
        unsafe block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    // MARK: - Storage that is lent, for `BlockShelf`

    /// Takes over a block; the buffer must have no storage.
    mutating func adopt(_ lent: UnsafeMutableRawBufferPointer) {
        precondition(unsafe block.count == 0)
        unsafe block = lent
        start = 0
        end = 0
    }

    /// Gives the storage away. Only for an empty buffer: nothing may be lost.
    mutating func surrender() -> UnsafeMutableRawBufferPointer {
        precondition(isEmpty, "gave away a buffer that holds bytes")
        let given = unsafe block
        unsafe block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        start = 0
        end = 0
        return unsafe given
    }
}
