/// What somebody who wrote `word` probably meant: the candidate with the fewest edits between
/// them, if they are few enough to be a slip; the first of equals.
package func nearest(to word: String, among candidates: [String]) -> String? {
    // The longest name that a person misspells; a longer text would cost its square.
    guard word.utf8.count <= 64 else { return nil }
    let folded = Array(word.lowercased().unicodeScalars)
    var best: (name: String, edits: Int)?
    for candidate in candidates where candidate.utf8.count <= 64 {
        let other = Array(candidate.lowercased().unicodeScalars)
        let edits = editDistance(folded, other)
        let longer = max(folded.count, other.count)
        let slip = longer <= 3 ? 1 : (longer + 2) / 3
        if edits <= slip, edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that make one word the other
/// (optimal string alignment).
func editDistance<Letter: Equatable>(_ left: [Letter], _ right: [Letter]) -> Int {
    var before: [Int] = []
    var above = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        for column in 0..<right.count {
            var edits = min(
                above[column] + (left[row] == right[column] ? 0 : 1),
                above[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                edits = min(edits, before[column - 1] + 1)
            }
            current.append(edits)
        }
        (before, above) = (above, current)
    }
    return above[right.count]
}
