internal import PorticoBytes

/// A job as it is said to a worker process: the limits, the source's length, then the request in
/// normal form. Both sides are the same build, so that no version stands in it.
struct JobMessage: Equatable {
    /// No query is longer than the head that it came in.
    static let most = 512 << 10

    var request: ImageRequest
    var limits: ImageLimits
    var sourceBytes: Int
    var coding: ImageErrand.Coding
    /// Of the overlay's file; 0: there is none.
    var overlayBytes: Int

    init(
        _ request: ImageRequest, _ limits: ImageLimits, sourceBytes: Int,
        coding: ImageErrand.Coding = .plain, overlayBytes: Int = 0
    ) {
        self.overlayBytes = overlayBytes
        self.coding = coding
        self.request = request
        self.limits = limits
        self.sourceBytes = sourceBytes
    }

    var bytes: [UInt8] {
        var text: [UInt8] = []
        let own = [
            UInt64(clamping: sourceBytes), coding.rawValue, UInt64(clamping: overlayBytes),
        ]
        for word in limits.words + own { text.append(word: word) }
        return text + request.normalForm
    }

    init?(_ bytes: [UInt8]) {
        let count = ImageLimits.wireCount + 3
        guard bytes.count >= 8 * count else { return nil }
        let words = (0..<count).map { bytes.word(at: 8 * $0) }
        guard let limits = ImageLimits(words: Array(words.dropLast(3))),
            let coding = ImageErrand.Coding(rawValue: words[count - 2])
        else { return nil }
        self.coding = coding
        self.limits = limits
        sourceBytes = Int(clamping: words[count - 3])
        overlayBytes = Int(clamping: words[count - 1])
        request = ImageRequest(normalForm: bytes.span.extracting((8 * count)...))
    }
}

/// What a worker process answers. It may be in an attacker's hands: all of it is checked.
struct ReplyMessage: Equatable {
    static let most = 64 << 10

    enum Outcome: Equatable {
        case failed(ImageFailure)
        /// As many bytes stand in the result's file.
        case made(ImageReport, bytes: Int)
    }

    var outcome: Outcome

    init(_ outcome: Outcome) { self.outcome = outcome }

    var bytes: [UInt8] {
        switch outcome {
        case .failed(let failure): return [failure.code]
        case .made(let report, let count):
            var text: [UInt8] = [0, report.sourceFormat.rawValue, report.format.rawValue]
            for number in [
                report.sourceSize.width, report.sourceSize.height, report.size.width,
                report.size.height, count,
            ] { text.append(word: UInt64(clamping: number)) }
            var warnings = report.warnings.joined(separator: "\n").utf8.prefix(Self.most / 2)
            warnings = warnings.prefix { $0 < 0x80 }
            return text + warnings
        }
    }

    init?(_ bytes: [UInt8]) {
        guard let code = bytes.first else { return nil }
        if code != 0 {
            guard bytes.count == 1, let failure = ImageFailure(code: code) else { return nil }
            outcome = .failed(failure)
            return
        }
        guard bytes.count >= 43, let source = ImageFormat(rawValue: bytes[1]),
            let format = ImageFormat(rawValue: bytes[2])
        else { return nil }
        let numbers = (0..<5).map { Int(clamping: bytes.word(at: 3 + 8 * $0)) }
        guard numbers.allSatisfy({ $0 > 0 && $0 < 1 << 40 }) else { return nil }
        let lines = bytes[43...].split(separator: 0x0A).prefix(Self.mostWarnings)
        let warnings = lines.map { line in
            // They become part of a field.
            String(
                decoding: line.prefix(200).map {
                    (0x20..<0x7F).contains($0) && $0 != 0x2C ? $0 : 0x20
                },
                as: UTF8.self)
        }
        outcome = .made(
            ImageReport(
                sourceFormat: source, sourceSize: PixelSize(numbers[0], numbers[1]),
                format: format, size: PixelSize(numbers[2], numbers[3]), warnings: warnings),
            bytes: numbers[4])
    }

    private static let mostWarnings = 16
}

extension [UInt8] {
    fileprivate mutating func append(word: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    /// Eight bytes as a number, the first one highest.
    fileprivate func word(at index: Int) -> UInt64 {
        self[index..<(index + 8)].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
