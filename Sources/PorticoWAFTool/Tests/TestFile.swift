internal import Yams

/// Reads go-ftw test files (YAML; stages, or a template with payloads) and overrides.
package enum TestFile {
    package static func read(
        _ text: String, file: String
    ) throws(TestFileFault) -> [TestCase] {
        let root = try compose(text, file)
        guard let tests = root["tests"]?.sequence else { return [] }
        let rule = root["rule_id"].flatMap { Int($0.text) } ?? digits(of: file)
        let template = root["template"]
        return tests.enumerated().map { index, test in
            let number =
                (test["id"] ?? test["test_id"]).flatMap { Int($0.text) } ?? index + 1
            var stages = (test["stages"]?.sequence ?? []).map { stage -> TestCase.Stage in
                let stage = stage["stage"] ?? stage
                return TestCase.Stage(
                    input: input(stage["input"]), output: output(stage["output"]))
            }
            if stages.isEmpty {
                var merged = input(template)
                merge(input(test["template"]), test["template"], into: &merged)
                insert(test["payload"]?.text ?? "", into: &merged)
                stages = [TestCase.Stage(input: merged, output: output(test["output"]))]
            }
            return TestCase(rule: rule, number: number, file: file, stages: stages)
        }
    }

    /// Replaces what a platform answers differently; returns how many tests it concerns.
    package static func override(
        _ cases: inout [TestCase], with text: String, file: String
    ) throws(TestFileFault) -> Int {
        let root = try compose(text, file)
        var found = 0
        for entry in root["test_overrides"]?.sequence ?? [] {
            guard let rule = entry["rule_id"].flatMap({ Int($0.text) }) else { continue }
            let ids = (entry["test_ids"]?.sequence ?? []).compactMap { Int($0.text) }
            let stageIDs = (entry["stage_ids"]?.sequence ?? []).compactMap { Int($0.text) }
            for index in cases.indices
            where cases[index].rule == rule && ids.contains(cases[index].number) {
                found += 1
                for stage in cases[index].stages.indices
                where stageIDs.isEmpty || stageIDs.contains(stage) {
                    cases[index].stages[stage].output = output(entry["output"])
                }
            }
        }
        return found
    }

    private static func compose(_ text: String, _ file: String) throws(TestFileFault) -> Node {
        do {
            return try Yams.compose(yaml: text) ?? Node("")
        } catch {
            throw TestFileFault(file: file, message: "\(error)")
        }
    }

    private static func digits(of file: String) -> Int {
        let name = file.split(separator: "/").last ?? ""
        let digits = name.drop { !$0.isNumber }.prefix { $0.isNumber }
        return Int(digits) ?? 0
    }

    // MARK: - Parts

    private static func input(_ node: Node?) -> TestInput {
        var input = TestInput()
        guard let node else { return input }
        input.method = node["method"]?.value
        input.target = node["uri"]?.value
        input.version = node["version"]?.value
        if let ordered = node["ordered_headers"]?.sequence ?? node["headers"]?.sequence {
            for field in ordered {
                input.fields.append((field["name"]?.text ?? "", field["value"]?.value ?? ""))
            }
        } else if let mapping = node["headers"]?.mapping {
            for (name, value) in mapping { input.fields.append((name.text, value.value ?? "")) }
        }
        if let completes = node["autocomplete_headers"]?.bool {
            input.completes = completes
        } else if let stops = node["stop_magic"]?.bool {
            input.completes = !stops
        }
        if let lines = node["data"]?.sequence {
            input.data = lines.map(\.text).joined(separator: "\n")
        } else {
            input.data = node["data"]?.value
        }
        input.encodedData = node["encoded_data"]?.value
        input.encodedRequest = node["encoded_request"]?.value
        input.savesCookies = node["save_cookie"]?.bool ?? false
        return input
    }

    private static func output(_ node: Node?) -> TestOutput {
        var output = TestOutput()
        guard let node else { return output }
        if let list = node["status"]?.sequence {
            output.statuses = list.compactMap { Int($0.text) }
        } else if let status = node["status"].flatMap({ Int($0.text) }) {
            output.statuses = [status]
        }
        output.responseContains = node["response_contains"]?.value
        output.expectsError = node["expect_error"]?.bool ?? false
        output.isIsolated = node["isolated"]?.bool ?? false
        let log = node["log"]
        output.expectedIDs = (log?["expect_ids"]?.sequence ?? []).compactMap { Int($0.text) }
        output.unexpectedIDs = (log?["no_expect_ids"]?.sequence ?? []).compactMap {
            Int($0.text)
        }
        output.pattern = log?["match_regex"]?.value ?? node["log_contains"]?.value
        output.absentPattern = log?["no_match_regex"]?.value ?? node["no_log_contains"]?.value
        return output
    }

    /// What a test says itself comes before the file's template.
    private static func merge(_ own: TestInput, _ node: Node?, into input: inout TestInput) {
        guard node != nil else { return }
        input.method = own.method ?? input.method
        input.target = own.target ?? input.target
        input.version = own.version ?? input.version
        input.data = own.data ?? input.data
        input.encodedData = own.encodedData ?? input.encodedData
        input.encodedRequest = own.encodedRequest ?? input.encodedRequest
        if !own.fields.isEmpty { input.fields = own.fields }
        if node?["autocomplete_headers"] != nil { input.completes = own.completes }
    }

    private static func insert(_ payload: String, into input: inout TestInput) {
        func filled(_ text: String) -> String {
            var result = ""
            var rest = text[...]
            while let open = rest.firstRange(of: "{{") {
                guard let close = rest[open.upperBound...].firstRange(of: "}}") else { break }
                let name = rest[open.upperBound..<close.lowerBound].filter { $0 != " " }
                result += rest[..<open.lowerBound]
                result +=
                    name == ".Payload" ? payload : String(rest[open.lowerBound..<close.upperBound])
                rest = rest[close.upperBound...]
            }
            return result + rest
        }
        input.method = input.method.map(filled)
        input.target = input.target.map(filled)
        input.data = input.data.map(filled)
        input.encodedData = input.encodedData.map(filled)
        for index in input.fields.indices {
            input.fields[index].value = filled(input.fields[index].value)
        }
    }
}

extension Node {
    /// A scalar as written, else nothing.
    fileprivate var text: String { scalar?.string ?? "" }

    /// The same, nil for YAML's null.
    fileprivate var value: String? {
        guard let scalar else { return nil }
        if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
            return nil
        }
        return scalar.string
    }
}
