/// Finds literals without which a regular expression cannot match.
package enum RequiredLiterals {
    /// Bytes; shorter ones are too common to tell anything.
    package static let shortest = 2

    /// Lower-case literals of which at least one occurs, ASCII case ignored, in each value that the
    /// pattern matches; nil if nothing is known.
    package static func literals(in pattern: Span<UInt8>) -> [[UInt8]]? { nil }
}
