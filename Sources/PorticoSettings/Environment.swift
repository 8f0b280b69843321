internal import PorticoBytes

struct SubstitutionFault: Error {
    var kind: SettingsFault.Kind
}

/// Replaces `${NAME}` and `${NAME:-default}` by what the environment says.
///
/// As in a shell, the default also stands in for a name that is set and empty; without a default,
/// empty is a value. Any other `$` stands for itself. What is put in is not looked at again, so
/// that a value can hold `${`.
func substitute(
    _ text: String, from environment: [String: String]
) -> Result<String, SubstitutionFault> {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
        result += rest[..<dollar]
        rest = rest[dollar...]
        guard rest.hasPrefix("${") else {
            result += "$"
            rest = rest.dropFirst()
            continue
        }
        let name = rest.dropFirst(2).prefix { character in
            character == "_" || character.asciiValue.map(ASCII.isLetterOrDigit) ?? false
        }
        let tail = rest[name.endIndex...]
        guard let first = name.utf8.first, !ASCII.isDigit(first),
            let end = tail.firstIndex(of: "}"), tail.hasPrefix("}") || tail.hasPrefix(":-")
        else {
            return .failure(
                SubstitutionFault(
                    kind: .malformed(expected: "${NAME} or ${NAME:-default}", found: String(rest))))
        }
        let found = environment[String(name)]
        if tail.hasPrefix("}") {
            guard let found else {
                return .failure(SubstitutionFault(kind: .missingEnvironment(name: String(name))))
            }
            result += found
        } else if let found, !found.isEmpty {
            result += found
        } else {
            result += tail[..<end].dropFirst(2)
        }
        rest = rest[end...].dropFirst()
    }
    return .success(result + rest)
}

extension ASCII {
    fileprivate static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte)
    }
}
