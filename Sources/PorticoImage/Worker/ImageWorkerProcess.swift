package import PorticoBytes
internal import PorticoLoop

/// The worker process: it gives up what it does not need, then transforms one picture after the
/// other until its parent is gone.
///
/// What it reads is a sealed file, so that no byte of it changes under the decoder; what it writes
/// goes into a file that the parent has made. It never opens anything.
package enum ImageWorkerProcess {
    package typealias Transform =
        (
            _ source: Span<UInt8>, _ overlay: Span<UInt8>, _ request: ImageRequest,
            _ limits: ImageLimits
        )
        throws(ImageFailure) -> ImageResult

    /// Status with which it ends where it could not be confined.
    private static let unconfined: Int32 = 70

    /// `memory`: bytes that the buffers of one job may hold.
    package static func run(memory: Int, _ transform: Transform) -> Never {
        Process.rename("portico-image")
        guard Confinement.enter(memory: memory) else { Process.exit(unconfined) }
        let socket = MessageSocket.inherited
        while let (message, files) = socket.receive(upTo: JobMessage.most) {
            guard let job = JobMessage(message), files.count == (job.overlayBytes > 0 ? 3 : 2)
            else { break }
            let reply = answer(
                job, source: files[0], result: files[1], overlay: files[files.count - 1], transform)
            if !socket.send(reply.bytes.span) { break }
        }
        Process.exit(0)
    }

    private static func answer(
        _ job: JobMessage, source: MemoryFile, result: MemoryFile, overlay: MemoryFile,
        _ transform: Transform
    ) -> ReplyMessage {
        do throws(ImageFailure) {
            let made = try source.withBytes(of: job.sourceBytes) { bytes throws(ImageFailure) in
                try overlay.withBytes(of: job.overlayBytes) { overlay throws(ImageFailure) in
                    switch job.coding {
                    case .plain: return try transform(bytes, overlay, job.request, job.limits)
                    case .gzip:
                        let plain = try Inflation.inflate(bytes, upTo: job.limits.inputBytes)
                        return try transform(plain.span, overlay, job.request, job.limits)
                    }
                }
            }
            guard let made = made ?? nil, !made.bytes.isEmpty else { throw .overLimit }
            do throws(IOFault) {
                try result.write(made.bytes.span, at: 0)
            } catch {
                throw ImageFailure.overLimit
            }
            return ReplyMessage(.made(made.report, bytes: made.bytes.count))
        } catch {
            return ReplyMessage(.failed(error))
        }
    }
}
