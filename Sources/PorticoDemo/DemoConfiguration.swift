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

    /// The rule files that it names, by their path from where it stands.
    package static let rules: [String: [UInt8]] = {
        var files: [String: [UInt8]] = [:]
        for index in 0..<portico_demo_file_count() {
            // SAFETY: constant tables of the program; the path ends with NUL.
            let file = unsafe portico_demo_file_at(index)
            let bytes = unsafe UnsafeBufferPointer(start: file.bytes, count: file.length)
            unsafe files[String(cString: file.path)] = Array(bytes)
        }
        return files
    }()
}
