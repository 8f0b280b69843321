import HTTP1Properties
import WAFProperties

// libFuzzer around one of the properties: `Fuzz NAME [libFuzzer's arguments]`. Built and run by
// Tests/Fuzz/run. The first byte of each input says where the rest is cut.

typealias TestOneInput = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// libFuzzer's own loop (fuzzer/FuzzerInterface.h); SwiftPM keeps `main` for itself.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: TestOneInput
) -> CInt

func check(
    _ data: UnsafePointer<UInt8>?, _ count: Int, _ violation: ([UInt8], Int) -> String?
) -> CInt {
    // SAFETY: libFuzzer lends `count` bytes for the length of the call.
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    guard let first = bytes.first else { return 0 }
    let input = Array(bytes.dropFirst())
    if let sentence = violation(input, min(input.count, Int(first))) { fatalError(sentence) }
    return 0
}

let test: TestOneInput
switch CommandLine.arguments.dropFirst().first {
case "request": unsafe test = { unsafe check($0, $1, RequestProperties.violation) }
case "response": unsafe test = { unsafe check($0, $1, ResponseProperties.violation) }
case "body": unsafe test = { unsafe check($0, $1, BodyProperties.violation) }
case "transform": unsafe test = { unsafe check($0, $1, WAFProperties.transformation) }
case "multipart": unsafe test = { unsafe check($0, $1, WAFProperties.multipart) }
case "json": unsafe test = { unsafe check($0, $1, WAFProperties.json) }
case "seclang": unsafe test = { unsafe check($0, $1, WAFProperties.secLang) }
case "required": unsafe test = { unsafe check($0, $1, WAFProperties.required) }
default:
    fatalError("usage: Fuzz NAME [libFuzzer's arguments]; the names stand in Tests/Fuzz/run")
}
// The name is not for libFuzzer.
var count = CommandLine.argc - 1
var arguments = unsafe CommandLine.unsafeArgv + 1
// SAFETY: the argument vector lives as long as the process.
_ = unsafe runDriver(&count, &arguments, test)
