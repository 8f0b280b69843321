internal import CPorticoDemo

/// The configuration that the demo runs under where there is no file: the repository's own.
package enum DemoConfiguration {
    package static let text: String = {
        var count = 0
        // SAFETY: a constant table of the program, of that length.
        return unsafe String(
            decoding: UnsafeBufferPointer(start: portico_demo_configuration(&count), count: count),
            as: UTF8.self)
    }()
}
