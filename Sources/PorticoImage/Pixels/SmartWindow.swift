extension Bitmap {
    /// Where along a picture a window of `length` pixels holds most of what catches the eye:
    /// edges, strong colours, and skin a little more.
    ///
    /// Either the whole height or the whole width lies within the window, so that one axis is left
    /// to choose along. The middle wins where all is alike.
    func smartOffset(_ length: Int, along axis: Axis) -> Int {
        let count = axis == .across ? width : height
        guard length > 0, length < count else { return 0 }
        var scores = [Double](repeating: 0, count: count)
        for y in 1..<max(1, height - 1) {
            for x in 1..<max(1, width - 1) {
                scores[axis == .across ? x : y] += interest(x, y)
            }
        }
        let total = scores.reduce(0, +)
        var sum = scores[..<length].reduce(0, +)
        var best = (offset: 0, score: -Double.infinity)
        for offset in 0...(count - length) {
            let fromMiddle = Double(abs(2 * offset + length - count)) / Double(count)
            let score = sum - total * 0.05 * fromMiddle
            if score > best.score { best = (offset, score) }
            if offset + length < count { sum += scores[offset + length] - scores[offset] }
        }
        return best.offset
    }

    enum Axis { case across, down }

    private func interest(_ x: Int, _ y: Int) -> Double {
        let here = self[x, y]
        if here.alpha == 0 { return 0 }
        let luma = { (c: ImageColour) in
            0.2126 * Double(c.red) + 0.7152 * Double(c.green) + 0.0722 * Double(c.blue)
        }
        let edge = abs(
            4 * luma(here) - luma(self[x - 1, y]) - luma(self[x + 1, y]) - luma(self[x, y - 1])
                - luma(self[x, y + 1]))
        let (red, green, blue) = (Double(here.red), Double(here.green), Double(here.blue))
        let strongest = max(red, green, blue)
        let colour = strongest == 0 ? 0 : (strongest - min(red, green, blue)) / strongest
        // Skin of all shades lies close to one hue: red before green before blue.
        let isSkin =
            red > 60 && red > green && green > blue && red - blue > 20 && (red - green) / red < 0.5
        return edge + colour * 12 + (isSkin ? 18 : 0)
    }
}
