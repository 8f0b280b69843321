internal import CPorticoCodecs

/// Brings decoded rows to sRGB: by the file's profile, or CMYK by the plain formula.
@safe final class ColourConverter {
    private let profile: OpaquePointer?
    private let isInverted: Bool

    /// Nil when the pixels count as sRGB: there is no profile, or it changes nothing, or it is of no
    /// use (`ignoresProfile`): broken, or for other pixels.
    init?(_ header: SourceHeader, ignoresProfile: inout Bool) {
        ignoresProfile = false
        unsafe profile =
            header.profile.isEmpty
            ? nil
            : px_colour_open(
                header.profile, header.profile.count, header.pixelKind.rawValue,
                header.isInverted, &ignoresProfile)
        isInverted = header.isInverted
        if unsafe profile == nil && header.pixelKind != .ink { return nil }
    }

    deinit { unsafe px_colour_close(profile) }

    var appliesProfile: Bool { unsafe profile != nil }

    func convert(_ pixels: UnsafeMutablePointer<UInt8>, count: Int) {
        if let profile = unsafe profile {
            unsafe px_colour_convert(profile, pixels, count)
        } else {
            unsafe px_cmyk_to_rgba(pixels, count, isInverted)
        }
    }
}
