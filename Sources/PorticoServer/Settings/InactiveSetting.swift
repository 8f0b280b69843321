internal import PorticoSettings

/// A setting that is read and checked, and that this build does not act on yet.
package struct InactiveSetting: Equatable, Sendable {
    package let key: String
    package let line: Int

    /// What there is of it. Whoever builds the thing deletes the row.
    private static let table: [(path: String, when: Condition)] = [
        ("listen.http2", .on),
        ("listen.h2c", .on),
        ("origins.*.protocol", .otherThan("http/1.1")),
        ("site.images", .on),
        ("images", .on),
    ]

    private enum Condition {
        /// It stands there and does not say no; a table says yes by standing there.
        case on
        case otherThan(String)
    }

    static func all(in root: Section) -> [InactiveSetting] {
        table.flatMap { path, condition in
            root.values(at: path).filter { value in
                switch condition {
                case .on: !value.isOff
                case .otherThan(let text): !value.isText(text)
                }
            }
        }
        .map { InactiveSetting(key: $0.key, line: $0.line) }
        .sorted { $0.line < $1.line }
    }
}
