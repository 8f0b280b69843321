internal import Glibc

/// The weights with which one axis is resampled: for each pixel made, `taps` source pixels from
/// `starts[i]` on.
struct FilterKernel {
    let taps: Int
    let starts: [Int32]
    /// `taps` for each pixel made; they sum to 1.
    let weights: [Float]
    /// Whether each pixel made is one source pixel, in their order.
    let isIdentity: Bool

    /// What the source pixels `from..<to` (fractions where a codec has scaled) become in `scaled`
    /// pixels, of which only `window` are made. `bound`: how many source pixels there are.
    ///
    /// A filter's support grows with the reduction, so that each source pixel counts by its area;
    /// nearest alone takes the one pixel under the centre.
    init(
        _ filter: ImageRequest.Filter, from: Double, to: Double, bound: Int, scaled: Int,
        window: Range<Int>
    ) {
        let step = (to - from) / Double(scaled)
        // A crop ends where it ends: pixels beyond it do not bleed in.
        let first = max(0, Int(from.rounded(.down)))
        let end = min(bound, max(first + 1, Int(to.rounded(.up))))
        let available = end - first
        let widening = max(1, step)
        let reach = filter.support * widening
        let isExact = step == 1 && from == from.rounded()
        let taps =
            isExact || filter == .nearest
            ? 1 : min(available, Int((reach * 2).rounded(.up)) + 1)
        var starts: [Int32] = []
        var weights: [Float] = []
        starts.reserveCapacity(window.count)
        weights.reserveCapacity(window.count * taps)
        var line = [Double](repeating: 0, count: taps)
        for index in window {
            let centre = from + (Double(index) + 0.5) * step
            if taps == 1 {
                starts.append(Int32(min(max(first, Int(centre.rounded(.down))), end - 1)))
                weights.append(1)
                continue
            }
            let start = min(max(first, Int((centre - reach).rounded(.up))), end - taps)
            var sum = 0.0
            for tap in 0..<taps {
                let distance = (Double(start + tap) + 0.5 - centre) / widening
                line[tap] = filter.weight(distance)
                sum += line[tap]
            }
            starts.append(Int32(start))
            for tap in 0..<taps { weights.append(Float(sum == 0 ? 0 : line[tap] / sum)) }
        }
        isIdentity = isExact
        self.taps = taps
        self.starts = starts
        self.weights = weights
    }
}

extension ImageRequest.Filter {
    /// How far it reaches, in pixels of the larger picture.
    fileprivate var support: Double {
        switch self {
        case .nearest: 0.5
        case .bilinear: 1
        case .bicubic, .lanczos2: 2
        case .lanczos3: 3
        }
    }

    fileprivate func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .nearest: return x <= 0.5 ? 1 : 0
        case .bilinear: return max(0, 1 - x)
        case .bicubic:
            // Keys with a = -0.5, as Pillow and Catmull and Rom.
            if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
            return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
        case .lanczos2: return Self.lanczos(x, 2)
        case .lanczos3: return Self.lanczos(x, 3)
        }
    }

    private static func lanczos(_ x: Double, _ lobes: Double) -> Double {
        if x < 1e-9 { return 1 }
        if x >= lobes { return 0 }
        let angle = x * .pi
        return lobes * sin(angle) * sin(angle / lobes) / (angle * angle)
    }
}
