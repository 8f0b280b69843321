internal import PorticoBytes
package import PorticoCache
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

extension Policy {
    /// What a purge of a URL is of, on `site`. Where the query is for us, all variants are one
    /// original's: whoever purges one of them means the picture.
    package func purgeTarget(_ target: PurgeTarget, of site: Site?) -> PurgeTarget {
        guard case .url(let url) = target, let site, site.transformsImages, let images,
            let path = url.firstIndex(of: 0x2F), let mark = url.firstIndex(of: 0x3F), path < mark
        else { return target }
        let normal = PathNormaliser.normalise(path: url.span.extracting(path..<mark))
        return images.takesQuery(of: normal) ? .url(Array(url[..<mark])) : target
    }
}
