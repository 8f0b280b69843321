import PorticoBytes
import PorticoLoop
import Synchronization
import Testing

/// One worker on a thread of its own for the length of a test.
func withWorker<R: Sendable>(_ body: (Worker) async throws -> R) async rethrows -> R {
    let worker = Worker()
    startThread { worker.run() }
    let result = try await body(worker)
    await worker.stop()
    return result
}

let loopback = SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0)

/// Carries what happened on a worker to the test that waits for it.
final class Report<Value: Sendable>: Sendable {
    private let continuation: AsyncStream<Value>.Continuation
    private let stream: AsyncStream<Value>
    init() { (stream, continuation) = AsyncStream.makeStream() }
    func send(_ value: Value) { continuation.yield(value) }
    func next() async -> Value? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }
}

@Suite("Streams over loopback")
struct StreamTests {
    @Test func `what one side writes the other reads, then the end`() async throws {
        try await withWorker { worker in
            let socket = try ListeningSocket(bind: loopback)
            let report = Report<[UInt8]>()
            await worker.perform { reactor in
                let listener = Listener(
                    socket, on: reactor,
                    onAccept: { descriptor, _ in
                        let stream = Stream(accepted: descriptor, on: reactor)
                        reactor.start {
                            var input = Buffer()
                            do throws(IOFault) {
                                while true {
                                    if let count = try stream.readNow(into: &input, upTo: 4096) {
                                        if count == 0 { break }
                                    } else {
                                        try await stream.readable(by: reactor.now + .seconds(10))
                                    }
                                }
                            } catch { Issue.record("\(error)") }
                            report.send(input.bytes.array)
                            stream.close()
                        }
                    }, onExhausted: { _ in })
                _ = listener
                reactor.start {
                    do throws(IOFault) {
                        let stream = try await Stream.connect(
                            to: socket.address, on: reactor, by: reactor.now + .seconds(10))
                        var output = Buffer()
                        for _ in 0..<100_000 { output.append("0123456789") }
                        while try !stream.writeNow(&output) {
                            try await stream.writable(by: reactor.now + .seconds(10))
                        }
                        stream.finishWriting()
                        try await stream.readable(by: reactor.now + .seconds(10))
                        stream.close()
                        listener.stop()
                        socket.close()
                    } catch { Issue.record("\(error)") }
                }
            }
            let received = await report.next()
            #expect(received?.count == 1_000_000)
        }
    }

    @Test func `a port where nobody listens refuses at once`() async throws {
        let socket = try ListeningSocket(bind: loopback)
        socket.close()
        await withWorker { worker in
            let report = Report<IOFault?>()
            await worker.perform { reactor in
                reactor.start {
                    do throws(IOFault) {
                        _ = try await Stream.connect(
                            to: socket.address, on: reactor, by: reactor.now + .seconds(10))
                        report.send(nil)
                    } catch { report.send(error) }
                }
            }
            let fault = await report.next()
            #expect(fault == .some(.some(.system(111))))
        }
    }

    @Test func `a taken port is noticed although ports can be shared`() throws {
        let socket = try ListeningSocket(bind: loopback)
        #expect(ListeningSocket.isTaken(socket.address))
        socket.close()
        #expect(!ListeningSocket.isTaken(socket.address))
    }
}

@Suite("The pool")
struct PoolTests {
    final class Page { var bytes: [UInt8] = [] }

    @Test func `takes what is sent and gives it back`() async throws {
        let pool = BlockingPool(threads: 1, capacity: 8)
        try await withWorker { worker in
            let digest = try await worker.digest(on: pool)
            #expect(digest == [1, 2])
        }
    }

    @Test func `a full queue is an answer`() async throws {
        let pool = BlockingPool(threads: 0, capacity: 0)
        await #expect(throws: QueueFull.self) {
            try await pool.run(1) { (number: sending Int) in number }
        }
    }
}

extension Worker {
    func digest(on pool: BlockingPool) async throws -> [UInt8] {
        let page = PoolTests.Page()
        page.bytes.append(1)
        let back = try await pool.run(page) { (page: sending PoolTests.Page) in
            page.bytes.append(2)
            return page
        }
        return back.bytes
    }
}
