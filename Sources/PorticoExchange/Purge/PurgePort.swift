internal import PorticoBytes
package import PorticoCache
package import PorticoHTTP

/// Who may purge, and purging: the server's side of a PURGE on a data port.
package protocol PurgePort: Sendable {
    /// Whether this is the secret of a token of scope `read`: what Portico-Debug carries.
    func mayRead(_ secret: Span<UInt8>) -> Bool

    /// Whether whoever sent the request may purge; `site`: the Host field's, if it is one's.
    func admit(
        _ head: borrowing RequestHead, from facts: borrowing ClientFacts, to site: Site?
    ) -> PurgeAdmission

    /// Purges, and returns when that is done on every worker and durable; nil: there is no room for
    /// more such work now.
    func purge(_ job: PurgeJob, in cache: ResponseCache) async -> PurgeRecord?
}

package enum PurgeAdmission: Equatable, Sendable {
    case admitted(PurgePass)
    /// 405, 403 or 410.
    case refused(status: UInt16)
}

/// What somebody who was let in may purge.
package struct PurgePass: Equatable, Sendable {
    /// A token's name, or how else it was allowed.
    package var name: String
    package var address: String
    /// Keys, URLs and patterns.
    package var mayPurgeSome = true
    /// A whole site.
    package var mayPurgeAll = true
    /// The site of the request.
    package var mayPurgeSite = true
    /// Objects of every site.
    package var mayPurgeEverySite = true

    package init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}

/// One purge, of one thing or of several, as it is carried out and remembered.
package struct PurgeJob: Sendable {
    package var steps: [(target: PurgeTarget, depth: PurgeDepth)]
    /// Nil: every site.
    package var site: Site?
    package var caller: String
    package var address: String

    package init(
        _ steps: [(target: PurgeTarget, depth: PurgeDepth)], of site: Site?, by caller: String,
        from address: String
    ) {
        self.steps = steps
        self.site = site
        self.caller = caller
        self.address = address
    }
}
