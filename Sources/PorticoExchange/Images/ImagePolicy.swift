internal import PorticoHTTP
package import PorticoImage

/// Which requests and answers are transformed, and by whom: `[images]`, compiled.
package final class ImagePolicy: Sendable {
    package let settings: ImageSettings
    package let transformer: any ImageTransformer
    let limits: ImageLimits
    private let paths: [PathPattern]

    package init(_ settings: ImageSettings, by transformer: any ImageTransformer) {
        self.settings = settings
        self.transformer = transformer
        limits = ImageLimits(settings)
        paths = settings.paths.map { PathPattern($0) }
    }

    /// Whether the query of such a path is for us, and none of it for the origin; `path` is in
    /// normal form.
    func takesQuery(of path: [UInt8]) -> Bool { paths.contains { $0.matches(path.span) } }
}
