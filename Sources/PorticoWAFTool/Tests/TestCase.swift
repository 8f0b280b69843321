/// One test of a go-ftw file: requests, and what is expected of each.
package struct TestCase: Sendable {
    package struct Stage: Sendable {
        package var input: TestInput
        package var output: TestOutput
    }

    package let rule: Int
    package let number: Int
    package let file: String
    package var stages: [Stage]

    /// As reports and overrides name it.
    package var name: String { "\(rule)-\(number)" }
}

/// What is sent.
package struct TestInput: Sendable {
    package var method: String?
    package var target: String?
    package var version: String?
    package var fields: [(name: String, value: String)] = []
    package var data: String?
    package var encodedData: String?
    /// A whole request, base64.
    package var encodedRequest: String?
    /// Whether Connection, Content-Length and Content-Type are added where they are missing.
    package var completes = true
    package var savesCookies = false
}

/// What is expected.
package struct TestOutput: Sendable {
    package var statuses: [Int] = []
    package var responseContains: String?
    package var expectsError = false
    package var isIsolated = false
    package var expectedIDs: [Int] = []
    package var unexpectedIDs: [Int] = []
    package var pattern: String?
    package var absentPattern: String?
}

/// Why a test file cannot be read.
package struct TestFileFault: Error, Equatable, Sendable {
    package let file: String
    package let message: String

    package init(file: String, message: String) {
        self.file = file
        self.message = message
    }
}
