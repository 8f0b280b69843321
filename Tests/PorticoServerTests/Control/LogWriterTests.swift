import Glibc
import PorticoBytes
import PorticoLoop
import PorticoTelemetry
import Synchronization
import Testing

@testable import PorticoExchange
@testable import PorticoServer

@Suite("The access log's writer", .ownThreads)
struct LogWriterTests {
    private let folder: ScratchFolder
    private let faults = Faults()
    private let writer: LogWriter
    private let counters = WorkerCounters()

    init() throws {
        folder = try ScratchFolder()
        writer = LogWriter { [faults] in faults.note($0) }
        writer.start()
    }

    private final class Faults: Sendable {
        private let lines = Mutex<[String]>([])
        private let bell = Semaphore()
        func note(_ line: String) {
            lines.withLock { $0.append(line) }
            bell.signal()
        }
        func next() -> String? {
            bell.wait(atMost: .seconds(10)) ? lines.withLock { $0.removeFirst() } : nil
        }
        var isEmpty: Bool { lines.withLock { $0.isEmpty } }
    }

    private func log(format: LogSettings.Format = .combined) throws -> AccessLog {
        var settings = LogSettings()
        settings.format = format
        return try #require(writer.accessLog(for: settings, counters: counters))
    }

    private func append(_ uri: String, to log: AccessLog) {
        let nothing = Span<UInt8>()
        let uri = Array(uri.utf8)
        log.append(
            AccessRecord(),
            AccessTexts(
                requestID: nothing, clientIP: nothing, host: nothing,
                method: Array("GET".utf8).span, uri: uri.span))
        log.handOver()
    }

    /// The paths that a log file's lines name.
    private func paths(_ name: String) throws -> [String] {
        try folder.read(name).split(separator: "\n").compactMap { line in
            line.split { $0 == " " || $0 == "\"" }.first { $0.hasPrefix("/") }.map(String.init)
        }
    }

    @Test func `a log that is off has no end to write to`() {
        var settings = LogSettings()
        settings.access = .off
        #expect(writer.accessLog(for: settings, counters: counters) == nil)
        writer.stop()
    }

    @Test func `what was handed over stands in the file after stop`() throws {
        writer.open(.file(folder["access.log"]))
        let log = try log()
        for index in 0..<1000 { append("/\(index)", to: log) }
        writer.stop()
        #expect(try paths("access.log") == (0..<1000).map { "/\($0)" })
    }

    @Test func `a file that was moved away is opened anew`() throws {
        writer.open(.file(folder["access.log"]))
        let log = try log()
        append("/before", to: log)
        try waitForFile("access.log", with: "/before")
        try folder.rename("access.log", to: "access.log.1")
        append("/between", to: log)
        try waitForFile("access.log.1", with: "/between")
        writer.open(.file(folder["access.log"]))
        append("/after", to: log)
        writer.stop()
        #expect(try paths("access.log.1") == ["/before", "/between"])
        #expect(try paths("access.log") == ["/after"])
    }

    /// The writer's thread has no bell for us: looks until it is there.
    private func waitForFile(_ name: String, with text: String) throws {
        let deadline = monotonicNow() + .seconds(10)
        while (try? folder.read(name))?.contains(text) != true {
            if monotonicNow() > deadline { throw Trouble("\(text) is not in \(name)") }
            sched_yield()
        }
    }

    @Test func `a folder that is not there is told, and lines go on once it is`() throws {
        writer.open(.file(folder["none/access.log"]))
        let fault = faults.next()
        #expect(fault?.contains("No such file or directory") == true)
        let log = try log()
        append("/lost", to: log)
        try Files.makeFolder(folder["none"])
        writer.open(.file(folder["none/access.log"]))
        append("/kept", to: log)
        writer.stop()
        #expect(try paths("none/access.log").last == "/kept")
    }

    @Test func `a full disk is told once`() throws {
        writer.open(.file("/dev/full"))
        let log = try log()
        append("/1", to: log)
        #expect(faults.next()?.contains("No space left") == true)
        append("/2", to: log)
        append("/3", to: log)
        writer.stop()
        #expect(faults.isEmpty)
    }
}
