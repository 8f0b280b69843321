internal import PorticoBytes
package import PorticoWAF

/// What became of a test.
package struct TestResult: Sendable {
    package let name: String
    package let file: String
    /// Nil: as expected.
    package let failure: String?
    package let ids: [Int]
}

/// Runs tests in process, on all cores.
package enum TestRun {
    /// In the order of the cases.
    package static func run(
        _ cases: [TestCase], _ rules: RuleSet, _ settings: WAFSettings, workers: Int
    ) async -> [TestResult] {
        let count = max(1, min(workers, cases.count))
        return await withTaskGroup(of: [(Int, TestResult)].self) { group in
            for worker in 0..<count {
                group.addTask { @concurrent in
                    var judge = TestJudge(rules, settings)
                    return stride(from: worker, to: cases.count, by: count).map {
                        ($0, judge.run(cases[$0]))
                    }
                }
            }
            var results: [(Int, TestResult)] = []
            for await part in group { results += part }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

/// Runs one test after the other and compares.
struct TestJudge: ~Copyable {
    private var rehearsal: Rehearsal
    private var captures = PatternCaptures()

    init(_ rules: RuleSet, _ settings: WAFSettings) { rehearsal = Rehearsal(rules, settings) }

    mutating func run(_ test: TestCase) -> TestResult {
        var cookies: [(String, String)] = []
        var failure: String?
        var ids: [Int] = []
        for stage in test.stages {
            guard
                let raw = TestRequest.bytes(
                    of: stage.input, cookies: stage.input.savesCookies ? cookies : [])
            else {
                failure = "the test's base64 is none"
                break
            }
            let answer = rehearsal.run(raw)
            if stage.input.savesCookies { cookies += answer.cookies }
            ids = answer.ids
            failure = judge(answer, stage.output)
            if failure != nil { break }
        }
        return TestResult(name: test.name, file: test.file, failure: failure, ids: ids)
    }

    private mutating func judge(_ answer: Rehearsal.Answer, _ wanted: TestOutput) -> String? {
        if wanted.expectsError {
            return answer.status == 0 ? nil : "expected no answer, got status \(answer.status)"
        }
        if answer.status == 0 { return "no answer" }
        if !wanted.statuses.isEmpty, !wanted.statuses.contains(Int(answer.status)) {
            return "status \(answer.status), expected \(wanted.statuses)"
        }
        if let part = wanted.responseContains,
            answer.bytes.firstRange(of: Array(part.utf8)) == nil
        {
            return "response_contains not found"
        }
        let found = Set(answer.ids)
        let missing = wanted.expectedIDs.filter { !found.contains($0) }
        if !missing.isEmpty {
            return "status \(answer.status), missing ids \(missing), got \(found.sorted())"
        }
        let bad = wanted.unexpectedIDs.filter { found.contains($0) }
        if !bad.isEmpty { return "unexpected ids \(bad)" }
        if wanted.isIsolated, found != Set(wanted.expectedIDs) {
            return "isolated: got \(found.sorted())"
        }
        if let pattern = wanted.pattern, !occurs(pattern, in: answer) {
            return "match_regex not found: \(pattern)"
        }
        if let pattern = wanted.absentPattern, occurs(pattern, in: answer) {
            return "no_match_regex found: \(pattern)"
        }
        return nil
    }

    /// Whether a line of the log matches: one for each rule and each of the engine's messages.
    private mutating func occurs(_ text: String, in answer: Rehearsal.Answer) -> Bool {
        guard let pattern = try? Pattern(text), let record = JSONValue(answer.record.span) else {
            return false
        }
        var lines = (record["errors"]?.elements ?? []).compactMap(\.text)
        for rule in record["rules"]?.elements ?? [] {
            lines.append(
                " [id \"\(rule["id"]?.integer ?? 0)\"] [msg \"\(rule["msg"]?.text ?? "")\"]"
                    + " [data \"\(rule["data"]?.text ?? "")\"]")
        }
        return lines.contains { line in
            let bytes = Array(line.utf8)
            return pattern.firstMatch(in: bytes.span, captures: &captures) == .matched
        }
    }
}
