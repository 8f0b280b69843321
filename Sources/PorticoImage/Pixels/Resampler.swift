internal import CPorticoCodecs
internal import Glibc

/// Resamples a picture while its rows come in from a decoder: only the rows under the filter are
/// kept.
///
/// Each row goes into the room that `room()` points to, and `advance()` takes it. Rows are weighed
/// down the columns as soon as the last one that an output row needs is there, then along the row;
/// in between they are floats, so that nothing is rounded twice. Alpha is premultiplied on the way
/// in, with 16 bits, and divided out on the way back.
@safe final class Resampler {
    /// What comes out.
    let output: Bitmap
    /// The source rows that count; others may be read into `room()` and dropped by `skip()`.
    let neededRows: Range<Int>

    private let down: FilterKernel
    private let across: FilterKernel
    private let width: Int
    private let columns: Range<Int>
    /// Within `columns`.
    private let columnStarts: [Int32]
    private let isPremultiplied: Bool
    private let budget: MemoryBudget
    private let reserved: Int
    /// As many source rows as the filter spans: bytes, or 16-bit words when premultiplied.
    private let ring: UnsafeMutableRawPointer
    private let ringRows: Int
    private let rowBytes: Int
    /// A row as it came, before it is premultiplied.
    private let incoming: UnsafeMutablePointer<UInt8>
    private let weighed: UnsafeMutablePointer<Float>
    private let finished: UnsafeMutablePointer<Float>
    private var rows: [UnsafePointer<UInt8>]
    private var row = 0
    private var made = 0

    /// `width`: pixels in a source row. The kernels' windows are the size of what comes out.
    init(
        width: Int, isOpaque: Bool, down: FilterKernel, across: FilterKernel,
        within budget: MemoryBudget
    ) throws(ImageFailure) {
        let output = try Bitmap(
            across.starts.count, down.starts.count, isOpaque: isOpaque, within: budget)
        self.output = output
        self.width = width
        self.down = down
        self.across = across
        self.budget = budget
        let isPremultiplied = !isOpaque
        self.isPremultiplied = isPremultiplied
        let starts = down.starts
        neededRows = Int(starts.min() ?? 0)..<Int(starts.max() ?? 0) + down.taps
        let columns =
            Int(across.starts.min() ?? 0)..<Int(across.starts.max() ?? 0) + across.taps
        precondition(columns.upperBound <= width)
        self.columns = columns
        let left = Int32(columns.lowerBound)
        columnStarts = across.starts.map { $0 - left }
        let ringRows = down.taps
        let rowBytes = width * (isPremultiplied ? 8 : 4)
        self.ringRows = ringRows
        self.rowBytes = rowBytes
        let reserved = ringRows * rowBytes + width * 4 + (columns.count + across.starts.count) * 16
        try budget.reserve(reserved)
        self.reserved = reserved
        unsafe ring = .allocate(byteCount: ringRows * rowBytes, alignment: 64)
        unsafe incoming = .allocate(capacity: width * 4)
        unsafe weighed = .allocate(capacity: columns.count * 4)
        unsafe finished = .allocate(capacity: across.starts.count * 4)
        unsafe rows = []
        unsafe rows.reserveCapacity(down.taps)
    }

    deinit {
        unsafe ring.deallocate()
        unsafe incoming.deallocate()
        unsafe weighed.deallocate()
        unsafe finished.deallocate()
        budget.release(reserved)
    }

    var isDone: Bool { made == output.height }

    /// Room for the next source row of `width` pixels.
    func room() -> UnsafeMutablePointer<UInt8> {
        if isPremultiplied { return unsafe incoming }
        // SAFETY: the remainder is a row of the ring.
        return unsafe (ring + row % ringRows * rowBytes).assumingMemoryBound(to: UInt8.self)
    }

    /// Passes over a row that is not needed.
    func skip() { row += 1 }

    /// Takes the row that was put into `room()`.
    func advance() {
        if isPremultiplied {
            unsafe px_premultiply_row(
                incoming,
                (ring + row % ringRows * rowBytes).assumingMemoryBound(to: UInt16.self), width)
        }
        row += 1
        while made < output.height, Int(down.starts[made]) + down.taps <= row {
            make()
            made += 1
        }
    }

    /// Makes the next row of the output.
    private func make() {
        let start = Int(down.starts[made])
        unsafe rows.removeAll(keepingCapacity: true)
        for tap in 0..<down.taps {
            let offset = (start + tap) % ringRows * rowBytes
            unsafe rows.append(
                (ring + offset + columns.lowerBound * (isPremultiplied ? 8 : 4))
                    .assumingMemoryBound(to: UInt8.self))
        }
        let taps = Int32(down.taps)
        let count = columns.count * 4
        // SAFETY: each row holds `columns`, the weights `taps` for each output row, and the kernel
        // across reads no column that `columns` does not span.
        unsafe down.weights.withUnsafeBufferPointer { all in
            let weights = unsafe all.baseAddress! + made * down.taps
            unsafe rows.withUnsafeBufferPointer { rows in
                if isPremultiplied {
                    unsafe rows.withMemoryRebound(to: Optional<UnsafePointer<UInt16>>.self) {
                        unsafe px_weigh_rows_16($0.baseAddress!, weights, taps, weighed, count)
                    }
                } else {
                    unsafe rows.withMemoryRebound(to: Optional<UnsafePointer<UInt8>>.self) {
                        unsafe px_weigh_rows_8($0.baseAddress!, weights, taps, weighed, count)
                    }
                }
            }
        }
        let line = unsafe output.row(made)
        if across.isIdentity {
            unsafe store(weighed, line)
            return
        }
        unsafe px_weigh_pixels(
            weighed, columnStarts, across.weights, Int32(across.taps),
            finished, output.width)
        unsafe store(finished, line)
    }

    private func store(_ row: UnsafePointer<Float>, _ line: UnsafeMutablePointer<UInt8>) {
        if isPremultiplied {
            unsafe px_store_row_premultiplied(row, line, output.width)
        } else {
            unsafe px_store_row(row, line, output.width)
        }
    }
}
