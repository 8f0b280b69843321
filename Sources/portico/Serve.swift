import ArgumentParser
import PorticoDemo
import PorticoLoop
import PorticoServer
import PorticoSettings

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the front door, in the foreground.",
        discussion: """
            Prints one line for each listener when it is ready, and logs to standard error.
            TERM, INT: stop when the running requests have ended (a second time: at once).
            HUP: read configuration, certificates and rules again, all or nothing.
            USR1: open the log files again.
            USR2: start the program that is on disk now in this one's place, then stop like TERM.
            """)

    @Option(help: "The configuration file.")
    var config = "config.toml"

    /// What `portico demo` starts where there is no file.
    @Flag(help: .hidden)
    var demoConfiguration = false

    func run() {
        Process.rename("portico")
        do {
            try Server.run(
                Server.Options(
                    file: config, environment: environment(), version: Portico.version,
                    text: demoConfiguration ? DemoConfiguration.text : nil,
                    rules: demoConfiguration ? DemoConfiguration.rules : [:]))
        } catch {
            for line in Problems.lines(of: error) { Terminal.complain(line) }
            Terminal.end(error is SettingsFaults ? .found : .couldNot)
        }
    }
}
