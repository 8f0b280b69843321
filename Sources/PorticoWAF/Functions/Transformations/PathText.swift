/// `t:normalizePath`, `t:normalizePathWin`.
enum PathText {
    /// Empty segments and `.` go, `..` takes the segment before it along: at the root of an absolute
    /// path there is none, and at the beginning of a relative one it stays. With `windows`, each
    /// backslash is a slash first.
    static func normalize(
        _ input: Span<UInt8>, windows: Bool, into output: inout [UInt8]
    ) -> Bool {
        let isSeparator = { (byte: UInt8) in byte == 0x2F || windows && byte == 0x5C }
        if isNormal(input, windows) { return false }
        output.begin(with: input, upTo: 0, room: input.count &+ 1)
        let isAbsolute = isSeparator(input[0])
        if isAbsolute { output.append(0x2F) }
        // What stands before this in the output no `..` takes away.
        var floor = output.count
        var index = 0
        while index < input.count {
            let start = index
            while index < input.count, !isSeparator(input[index]) { index &+= 1 }
            let length = index &- start
            index &+= 1
            if length == 0 || length == 1 && input[start] == 0x2E { continue }
            if length == 2, input[start] == 0x2E, input[start &+ 1] == 0x2E {
                if output.count > floor {
                    // Back to behind the slash before the last segment.
                    output.removeLast()
                    while output.count > floor, output[output.count &- 1] != 0x2F {
                        output.removeLast()
                    }
                    continue
                }
                if isAbsolute { continue }
                output.copy(input, start..<(start &+ 2))
                output.append(0x2F)
                floor = output.count
                continue
            }
            output.copy(input, start..<(start &+ length))
            output.append(0x2F)
        }
        // Each segment has brought a slash; the last keeps it only if the input ended with one.
        if !isSeparator(input[input.count &- 1]), !output.isEmpty { output.removeLast() }
        return true
    }

    /// Whether there is nothing to be done: no empty segment, no `.`, no `..` but at the beginning
    /// of a relative path, no backslash that is to be a slash.
    private static func isNormal(_ input: Span<UInt8>, _ windows: Bool) -> Bool {
        if input.isEmpty { return true }
        var isLeading = input[0] != 0x2F
        var start = 0
        for index in 0...input.count {
            if index < input.count, input[index] != 0x2F {
                if input[index] == 0x5C, windows { return false }
                continue
            }
            switch index &- start {
            // Before the first slash, and behind the last, nothing needs to stand.
            case 0: if index > 0, index < input.count { return false }
            case 1 where input[start] == 0x2E: return false
            case 2 where input[start] == 0x2E && input[start &+ 1] == 0x2E:
                if !isLeading { return false }
            default: isLeading = false
            }
            start = index &+ 1
        }
        return true
    }
}
