internal import PorticoBytes
internal import PorticoExchange
internal import PorticoWAF
internal import PorticoWAFTool

extension AdminHandler {
    /// Asks the rules in force; nothing is kept of it, in no log and in no collection.
    ///
    /// - Parameter workspace: a site's `service_id` or one of its hosts; `default`: the first set of
    ///   rules.
    func simulate(_ workspace: String, _ body: [UInt8]) -> AdminAnswer {
        let snapshot = steward.snapshot
        let firewalls = snapshot.policy.firewalls
        let firewall: Firewall?
        if workspace == "default" {
            firewall = firewalls.first
        } else {
            let site = snapshot.configuration.sites.first { site in
                (!site.serviceID.isEmpty && site.serviceID == workspace)
                    || site.hosts.contains(workspace)
            }
            firewall = firewalls.first { $0.settings.name == site?.waf }
        }
        guard let firewall else {
            return .refusal(404, "No site with rules is named \(workspace).", in: .fastly)
        }
        do throws(Simulation.Fault) {
            let answer = try Simulation.answer(body.span, firewall.rules, firewall.settings)
            return .json(answer.span.text)
        } catch {
            return .refusal(400, error.sentence, in: .fastly)
        }
    }
}
