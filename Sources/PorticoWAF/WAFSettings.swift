package import PorticoSettings

/// `[waf.NAME]`: a set of rules and what follows from their verdict.
package struct WAFSettings: Equatable, Sendable {
    package enum Mode: String, CaseIterable, Sendable {
        case block
        /// Logs what it would block.
        case detect
        case off
    }

    /// When a large body finds no room to be inspected.
    package enum PoolFull: String, CaseIterable, Sendable {
        /// 503.
        case refuse
        case pass
    }

    package let name: String
    package var mode = Mode.block
    /// SecLang files, globs allowed.
    package var rules = ["rules/main.conf"]
    /// The audit log; empty: stderr.
    package var log = "waf.jsonl"
    /// How much of a request body is inspected.
    package var requestBodyBytes = 128 << 10
    /// How much of an answer is inspected in phase 4; 0: nothing.
    package var responseBodyBytes = 0
    package var onPoolFull = PoolFull.refuse

    package init(name: String) { self.name = name }

    package init(name: String, from section: inout Section) {
        self.init(name: name)
        section.read("mode", into: &mode)
        section.readPaths("rules", into: &rules)
        section.readPath("log", into: &log)
        section.readBytes("request_body", into: &requestBodyBytes)
        section.readBytes("response_body", into: &responseBodyBytes)
        section.read("on_pool_full", into: &onPoolFull)
        section.finish()
    }
}
