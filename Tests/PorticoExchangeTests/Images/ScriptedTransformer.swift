import PorticoImage
import PorticoLoop
import Synchronization

/// Worker processes that do what their test says.
final class ScriptedTransformer: ImageTransformer {
    private let waiting = Mutex<[ImageErrand]>([])
    private let all = Mutex<[String]>([])
    private let room = ImageSourceRoom(1 << 20)

    /// What was asked for so far, in normal form.
    var log: [String] { all.withLock { $0 } }

    func reserve(_ bytes: Int) -> ImageReservation? { room.reserve(bytes) }

    func submit(_ job: ImageErrand) {
        all.withLock { $0.append(String(decoding: job.request.normalForm, as: UTF8.self)) }
        waiting.withLock { $0.append(job) }
    }

    /// Ends the oldest job with these bytes as a WebP of 3x2.
    func make(_ text: String, warnings: [String] = []) {
        end { job in
            guard let file = try? MemoryFile(named: "test") else { return .failed(.overLimit) }
            let bytes = Array(text.utf8)
            try? file.write(bytes.span, at: 0)
            let report = ImageReport(
                sourceFormat: .gif, sourceSize: PixelSize(6, 4), format: .webp,
                size: PixelSize(3, 2), warnings: warnings)
            return .made(report, file, bytes: bytes.count)
        }
    }

    func fail(_ failure: ImageFailure) { end { _ in .failed(failure) } }

    private func end(_ outcome: (ImageErrand) -> ImageErrand.Outcome) {
        let job = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let job { job.finish(outcome(job)) }
    }
}
