/// Best fit of Unicode to ASCII, as Windows' code page 20127 has it: what `%uHHHH` of an old server
/// becomes. Lets rules see `<` where U+FF1C stands.
enum BestFit {
    /// The byte for a code point; nil if the code page has none.
    static func byte(for scalar: UInt16) -> UInt8? {
        var lower = 0
        var upper = runs.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if runs[middle].first <= scalar { lower = middle + 1 } else { upper = middle }
        }
        if lower == 0 { return nil }
        let run = runs[lower - 1]
        let offset = Int(scalar - run.first)
        // SAFETY: the offset is below the literal's length.
        return offset < run.bytes.utf8CodeUnitCount ? unsafe run.bytes.utf8Start[offset] : nil
    }

    /// Runs of code points that follow one another, in their order, and a byte for each. Those of
    /// ModSecurity's `unicode.mapping`.
    private static let runs: [(first: UInt16, bytes: StaticString)] = [
        (0x00A0, " !c"), (0x00A4, "$Y|"), (0x00A9, "Ca<"), (0x00AD, "-R"), (0x00B2, "23"),
        (0x00B7, ".,1o>"), (0x00C0, "AAAAAAACEEEEIIIIDNOOOOO"), (0x00D8, "OUUUUY"),
        (0x00E0, "aaaaaaaceeeeiiii"), (0x00F1, "nooooo"), (0x00F8, "ouuuuy"),
        (0x00FF, "yAaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi"), (0x0134, "JjKk"),
        (0x0139, "LlLlLl"), (0x0141, "LlNnNnNn"),
        (0x014C, "OoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZ"), (0x017B, "ZzZz"),
        (0x0180, "b"), (0x0189, "D"), (0x0191, "Ff"), (0x0197, "I"), (0x019A, "l"),
        (0x019F, "OOo"), (0x01AB, "t"), (0x01AE, "TUu"), (0x01B6, "z"),
        (0x01CD, "AaIiOoUuUuUuUuUu"), (0x01DE, "Aa"), (0x01E4, "GgGgKkOoOo"), (0x01F0, "j"),
        (0x0261, "g"), (0x02B9, "'\""), (0x02BC, "'"), (0x02C4, "^"), (0x02C6, "^"),
        (0x02C8, "'"), (0x02CB, "`"), (0x02CD, "_"), (0x02DC, "~"), (0x0300, "`"), (0x0302, "^~"),
        (0x030E, "\""), (0x0331, "__"), (0x2000, "       "), (0x2010, "--"), (0x2013, "--"),
        (0x2018, "'',"), (0x201C, "\"\"\""), (0x2022, "."), (0x2026, "."), (0x2032, "'"),
        (0x2035, "`"), (0x2039, "<>"), (0x2122, "T"), (0xFF01, "!\"#$%&'()*+,-./0123456789:;<=>"),
        (0xFF20, "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{"),
        (0xFF5C, "|}~"),
    ]
}
