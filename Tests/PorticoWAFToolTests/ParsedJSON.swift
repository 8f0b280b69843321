import PorticoBytes

@testable import PorticoWAFTool

/// What a report says, read back.
func parsed(_ bytes: [UInt8]) throws -> JSONValue {
    guard let value = JSONValue(bytes.span) else {
        throw TestFileFault(file: "report", message: bytes.span.text)
    }
    return value
}

func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
