public import PorticoBytes

/// The field lines of a head or a trailer section (RFC 9110 §5), in the order received.
///
/// The bytes stand in one array, the lines are ranges into it. Bytes are only ever added, so a
/// range taken once stays right; removing a line leaves its bytes where they are.
@usableFromInline package struct Fields: Sendable {
    @usableFromInline package struct Line: Sendable {
        @usableFromInline package let name: FieldName
        @usableFromInline package let nameRange: ByteRange
        @usableFromInline package let valueRange: ByteRange

        @inlinable package init(name: FieldName, nameRange: ByteRange, valueRange: ByteRange) {
            self.name = name
            self.nameRange = nameRange
            self.valueRange = valueRange
        }
    }

    @usableFromInline package internal(set) var storage: [UInt8] = []
    @usableFromInline package internal(set) var lines: [Line] = []

    package init() {}

    @inlinable package var count: Int { lines.count }
    @inlinable package var isEmpty: Bool { lines.isEmpty }

    /// The bytes of a range that this head handed out.
    @inlinable package subscript(range: ByteRange) -> Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(range.range) }
    }

    @_lifetime(borrow self)
    @inlinable package func name(at index: Int) -> Span<UInt8> { self[lines[index].nameRange] }

    @_lifetime(borrow self)
    @inlinable package func value(at index: Int) -> Span<UInt8> { self[lines[index].valueRange] }

    /// The first line with this name, from line `start` on.
    @inlinable package func firstIndex(of name: FieldName, from start: Int = 0) -> Int? {
        var index = start
        while index < lines.count {
            if lines[index].name == name { return index }
            index += 1
        }
        return nil
    }

    package func contains(_ name: FieldName) -> Bool { firstIndex(of: name) != nil }

    /// The first value of this name as a range, empty if there is none.
    package func range(of name: FieldName) -> ByteRange {
        firstIndex(of: name).map { lines[$0].valueRange } ?? .empty
    }

    // MARK: - Building

    /// Becomes a copy of `other`, with room for what a proxy adds, so that adding does not copy
    /// everything again. For fields that are empty: ranges of `other` then hold here too.
    package mutating func take(_ other: borrowing Fields, spareBytes: Int, spareLines: Int) {
        precondition(storage.isEmpty, "bytes of another head would move the ranges")
        reserve(bytes: other.storage.count + spareBytes, lines: other.lines.count + spareLines)
        storage.append(contentsOf: other.storage)
        lines.append(contentsOf: other.lines)
    }

    /// Forgets all and keeps the storage for the next head.
    package mutating func removeAll() {
        if !storage.isEmpty { storage.removeAll(keepingCapacity: true) }
        if !lines.isEmpty { lines.removeAll(keepingCapacity: true) }
    }

    /// Room for exactly so much more, where a head is kept and must not be larger than it is.
    package mutating func reserve(bytes: Int, lines count: Int) {
        storage.reserveCapacity(storage.count + bytes)
        lines.reserveCapacity(lines.count + count)
    }

    /// Takes over raw bytes of a head whose lines the reader will name by range. Returns where
    /// they begin in the storage.
    package mutating func adopt(_ bytes: Span<UInt8>) -> Int {
        let start = storage.count
        // SAFETY: the array copies before the pointer ends.
        unsafe bytes.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
        return start
    }

    /// Adds a line whose bytes stand in the storage already.
    @inlinable package mutating func append(_ line: Line) { lines.append(line) }

    package mutating func append(_ name: FieldName, _ value: Span<UInt8>) {
        append(name, Self.bytes(of: name.text), value)
    }

    /// Disfavoured, so that a literal is a `StaticString`.
    @_disfavoredOverload package mutating func append(_ name: FieldName, _ value: String) {
        append(name, Array(value.utf8).span)
    }

    package mutating func append(_ name: FieldName, _ value: StaticString) {
        append(name, Self.bytes(of: name.text), Self.bytes(of: value))
    }

    package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        append(FieldName(name), name, value)
    }

    /// In one step: heads are made of such lines, and each step has its price.
    private mutating func append(_ known: FieldName, _ name: Span<UInt8>, _ value: Span<UInt8>) {
        let start = storage.count
        let valueStart = start + name.count
        let end = valueStart + value.count
        storage.append(addingCapacity: end - start) { free in
            unsafe free.withUnsafeMutableBufferPointer { room, count in
                // SAFETY: there is room for both, one behind the other.
                let room = UnsafeMutableRawBufferPointer(room)
                unsafe name.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
                unsafe value.withUnsafeBytes { bytes in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: room[name.count...])
                        .copyMemory(from: bytes)
                }
                count = name.count + value.count
            }
        }
        lines.append(
            Line(
                name: known, nameRange: ByteRange(start, valueStart),
                valueRange: ByteRange(valueStart, end)))
    }

    @_lifetime(immortal)
    private static func bytes(of text: StaticString) -> Span<UInt8> {
        // SAFETY: a static string's bytes live for ever.
        let span = unsafe Span<UInt8>(
            _unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
        return unsafe _overrideLifetime(span, borrowing: ())
    }

    /// Adds a line whose value `write` puts together from pieces.
    package mutating func append(_ name: FieldName, _ write: (inout FieldValue) -> Void) {
        let nameRange = adopt(name.text)
        let start = storage.count
        var value = FieldValue(bytes: [])
        swap(&value.bytes, &storage)
        write(&value)
        swap(&value.bytes, &storage)
        lines.append(
            Line(name: name, nameRange: nameRange, valueRange: ByteRange(start, storage.count)))
    }

    /// The same for a name that is none of `FieldName`'s.
    package mutating func append(_ name: Span<UInt8>, _ write: (inout FieldValue) -> Void) {
        let nameStart = adopt(name)
        let start = storage.count
        var value = FieldValue(bytes: [])
        swap(&value.bytes, &storage)
        write(&value)
        swap(&value.bytes, &storage)
        lines.append(
            Line(
                name: FieldName(name), nameRange: ByteRange(nameStart, start),
                valueRange: ByteRange(start, storage.count)))
    }

    /// Adds a line before all others.
    package mutating func insertFirst(_ name: FieldName, _ value: Span<UInt8>) {
        append(name, value)
        lines.insert(lines.removeLast(), at: 0)
    }

    package mutating func remove(_ name: FieldName) { lines.removeAll { $0.name == name } }

    /// Removes the lines for which `isUnwanted` holds; it gets the line and its name's bytes.
    package mutating func removeAll(where isUnwanted: (Line, Span<UInt8>) -> Bool) {
        var kept = 0
        for index in lines.indices {
            let line = lines[index]
            if isUnwanted(line, storage.span.extracting(line.nameRange.range)) { continue }
            if kept != index { lines[kept] = line }
            kept += 1
        }
        if kept < lines.count { lines.removeLast(lines.count - kept) }
    }

    /// Replaces every line of this name by one.
    package mutating func set(_ name: FieldName, _ value: Span<UInt8>) {
        remove(name)
        append(name, value)
    }

    private mutating func adopt(_ text: StaticString) -> ByteRange {
        let start = storage.count
        // SAFETY: a static string's bytes live for ever.
        unsafe storage.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        return ByteRange(start, storage.count)
    }
}

/// A field value that is being written at the end of its head's storage.
package struct FieldValue {
    fileprivate var bytes: [UInt8]

    package mutating func write(_ more: Span<UInt8>) {
        // SAFETY: the array copies before the pointer ends.
        unsafe more.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ text: StaticString) {
        // SAFETY: a static string's bytes live for ever.
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func write(_ byte: UInt8) { bytes.append(byte) }

    package mutating func write(decimal number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(truncatingIfNeeded: number / divisor % 10) &+ 0x30)
            divisor /= 10
        }
    }
}

extension Fields {
    /// Whether a list-valued field (RFC 9110 §5.6.1) has this member, compared without case;
    /// `member` is written in lower case. Parameters of the members are not looked at.
    package func list(_ name: FieldName, contains member: StaticString) -> Bool {
        var found = false
        forEachMember(of: name) { if $0.equalsFolded(member) { found = true } }
        return found
    }

    /// Calls `body` with each non-empty member of a comma-separated list that may stand on
    /// several lines. Quoted strings are not understood: for fields that have none.
    package func forEachMember(of name: FieldName, _ body: (Span<UInt8>) -> Void) {
        for line in lines where line.name == name {
            let value = storage.span.extracting(line.valueRange.range)
            var start = 0
            while start <= value.count {
                let end = value.firstIndex(of: 0x2C, from: start) ?? value.count
                let member = value.extracting(start..<end).trimmingOWS
                if !member.isEmpty { body(member) }
                start = end + 1
            }
        }
    }
}
