/// What the rule files say about the engine itself.
package struct EngineSettings: Sendable {
    package var mode = EngineMode.on
    package var requestBodyAccess = true
    /// Whole body, and what of it is not in files.
    package var requestBodyLimit = 13_107_200
    package var requestBodyNoFilesLimit = 131_072
    package var requestBodyLimitAction = LimitAction.reject
    package var jsonDepthLimit = 512
    package var argumentsLimit = 1000
    package var argumentSeparator: UInt8 = 0x26
    package var responseBodyAccess = false
    package var responseBodyLimit = 524_288
    package var responseBodyLimitAction = LimitAction.processPartial
    /// In lower case.
    package var responseBodyTypes = ["text/plain", "text/html"]
    package var matchLimit = 100_000
    package var depthLimit = 100_000
    /// Seconds that a persistent collection lives after its last change.
    package var collectionTimeout = 3600
    package var components: [String] = []
    package var webAppID: [UInt8] = []
    package var auditsAtAll = true

    package enum LimitAction: Sendable {
        case reject
        case processPartial
    }
}
