internal import PorticoBytes

/// Finds the names of `FieldName` by length and three of their bytes; one comparison then decides.
///
/// Each head asks once per line, so this is hot: 4 ns for a name, where comparing with all names of
/// its length took up to 30.
enum FieldNameTable {
    /// A power of two, sparse enough for nearly all names to stand in their first place.
    private static let size = 512

    private struct Place {
        var name = FieldName.other
        var text: StaticString = ""
    }

    /// Open addressing; `.other` marks a free place.
    private static let places: [Place] = {
        var places = Array(repeating: Place(), count: size)
        var rawValue = FieldName.other.rawValue + 1
        while let name = FieldName(rawValue: rawValue) {
            var place = start(of: Array(name.text.description.utf8).span)
            while places[place].name != .other { place = (place + 1) % size }
            places[place] = Place(name: name, text: name.text)
            rawValue += 1
        }
        return places
    }()

    static func find(_ name: Span<UInt8>) -> FieldName {
        guard !name.isEmpty else { return .other }
        var place = start(of: name)
        let places = places.span
        while true {
            let candidate = places[place]
            if candidate.name == .other || name.equals(name: candidate.text) {
                return candidate.name
            }
            place = (place &+ 1) & (size - 1)
        }
    }

    @inline(__always) private static func start(of name: Span<UInt8>) -> Int {
        let count = name.count
        // 0x20 folds the case of letters, and need not be exact for anything else.
        let first = Int(name[0] | 0x20)
        let middle = Int(name[count / 2] | 0x20)
        let last = Int(name[count - 1] | 0x20)
        return (count &* 37 &+ first &* 5 &+ middle &* 67 &+ last &* 11) & (size - 1)
    }
}
