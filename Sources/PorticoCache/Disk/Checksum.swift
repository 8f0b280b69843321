internal import PorticoBytes

/// XXH64 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), with which records tell whether the
/// disk gave back what was written.
///
/// Why not CRC32C: without the processor's instruction a table takes it to a tenth of this speed,
/// and the instruction needs a C shim with a fallback for each processor. XXH64 is eight plain
/// multiplications for 32 bytes, has twice the bits, and takes a seed: with a secret one, a body
/// cannot hold something that passes for a record's head.
package enum Checksum {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    package static func of(_ bytes: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        let count = bytes.count
        var index = 0
        var hash: UInt64
        if count >= 32 {
            var lane1 = seed &+ prime1 &+ prime2
            var lane2 = seed &+ prime2
            var lane3 = seed
            var lane4 = seed &- prime1
            while index &+ 32 <= count {
                lane1 = round(lane1, word(bytes, index))
                lane2 = round(lane2, word(bytes, index &+ 8))
                lane3 = round(lane3, word(bytes, index &+ 16))
                lane4 = round(lane4, word(bytes, index &+ 24))
                index &+= 32
            }
            hash =
                rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
            hash = (hash ^ round(0, lane1)) &* prime1 &+ prime4
            hash = (hash ^ round(0, lane2)) &* prime1 &+ prime4
            hash = (hash ^ round(0, lane3)) &* prime1 &+ prime4
            hash = (hash ^ round(0, lane4)) &* prime1 &+ prime4
        } else {
            hash = seed &+ prime5
        }
        hash &+= UInt64(count)
        while index &+ 8 <= count {
            hash ^= round(0, word(bytes, index))
            hash = rotate(hash, 27) &* prime1 &+ prime4
            index &+= 8
        }
        if index &+ 4 <= count {
            hash ^= UInt64(bytes.uint32(at: index)) &* prime1
            hash = rotate(hash, 23) &* prime2 &+ prime3
            index &+= 4
        }
        while index < count {
            hash ^= UInt64(bytes[index]) &* prime5
            hash = rotate(hash, 11) &* prime1
            index &+= 1
        }
        hash ^= hash &>> 33
        hash &*= prime2
        hash ^= hash &>> 29
        hash &*= prime3
        return hash ^ (hash &>> 32)
    }

    @inline(__always) private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    @inline(__always) private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value &<< bits | value &>> (64 &- bits)
    }

    @inline(__always) private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        // SAFETY: each caller has compared index + 8 with the count, and index is never negative.
        unsafe UInt64(
            littleEndian: bytes.bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: index, as: UInt64.self))
    }
}

/// Numbers on disk stand with the lowest byte first, at any offset.
extension Span where Element == UInt8 {
    func uint32(at offset: Int) -> UInt32 {
        unsafe UInt32(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func uint64(at offset: Int) -> UInt64 {
        unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    func int64(at offset: Int) -> Int64 { Int64(bitPattern: uint64(at: offset)) }
}

extension Buffer {
    mutating func append(number: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    mutating func append(number: UInt64) {
        append(number: UInt32(truncatingIfNeeded: number))
        append(number: UInt32(truncatingIfNeeded: number >> 32))
    }

    mutating func append(number: Int64) { append(number: UInt64(bitPattern: number)) }

    mutating func append(zeros count: Int) {
        reserve(count)
        for _ in 0..<count { append(0) }
    }
}
