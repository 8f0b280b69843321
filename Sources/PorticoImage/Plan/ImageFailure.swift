/// Why there is no transformed picture.
package enum ImageFailure: Error, Equatable, Sendable {
    // What the request asks for cannot be made of this picture: 400.
    case cropOutside
    case trimmedAway
    case outputTooLarge
    // What the origin sent is no picture that can be read: its bytes go out as they are.
    case unsupported
    case unparsable
    case sourceTooLarge
    // We cannot, now: the origin's bytes go out, and nothing is kept for long.
    case overLimit

    package enum Blame: Sendable { case request, source, us }

    package var blame: Blame {
        switch self {
        case .cropOutside, .trimmedAway, .outputTooLarge: .request
        case .unsupported, .unparsable, .sourceTooLarge: .source
        case .overLimit: .us
        }
    }

    /// What `Fastly-IO-Error` says.
    package var reason: StaticString {
        switch self {
        case .cropOutside:
            "Invalid transformation for requested image: Invalid crop, region out of bounds"
        case .trimmedAway:
            "Invalid transformation for requested image: Invalid trim, nothing left"
        case .outputTooLarge:
            "Invalid transformation for requested image: Output exceeds maximum dimensions"
        case .unsupported: "Not a supported image format"
        case .unparsable: "Image could not be parsed"
        case .sourceTooLarge: "Image exceeds maximum dimensions"
        case .overLimit: "Resource limit"
        }
    }

    /// Between the processes. Zero is no failure.
    package var code: UInt8 {
        switch self {
        case .cropOutside: 1
        case .trimmedAway: 2
        case .outputTooLarge: 3
        case .unsupported: 4
        case .unparsable: 5
        case .sourceTooLarge: 6
        case .overLimit: 7
        }
    }

    package init?(code: UInt8) {
        switch code {
        case 1: self = .cropOutside
        case 2: self = .trimmedAway
        case 3: self = .outputTooLarge
        case 4: self = .unsupported
        case 5: self = .unparsable
        case 6: self = .sourceTooLarge
        case 7: self = .overLimit
        default: return nil
        }
    }
}
