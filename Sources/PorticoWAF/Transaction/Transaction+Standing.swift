/// What tells whether one request's verdict holds for others.
extension Transaction {
    /// Whether the rules look at everything as the settings say: none has been told to be silent
    /// for the rest of this request.
    package var looksAtAll: Bool {
        var usual = plan.settings.mode
        if mode == .off { usual = .off }
        if mode == .detect, usual == .on { usual = .detectionOnly }
        return engine == usual && !skipsEverything
    }

    /// How many rules and targets are left out for this request.
    package var exceptionCount: Int {
        targetRemovals.count + removed.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// How much there is to say about the request in the record.
    package var findingCount: Int { matchedRules.count + errors.count }
}
