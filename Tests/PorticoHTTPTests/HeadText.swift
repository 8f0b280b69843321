import PorticoBytes
import PorticoHTTP

/// Fields from lines such as "Age: 1", one a line.
func fields(_ text: String) -> Fields {
    var fields = Fields()
    for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = Array(parts[1].utf8)
        fields.append(name: Array(parts[0].utf8).span, value: value.span.trimmingOWS)
    }
    return fields
}

func written(_ write: (inout Buffer) -> Void) -> String {
    var buffer = Buffer()
    write(&buffer)
    return buffer.bytes.text
}
