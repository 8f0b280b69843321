import ArgumentParser

/// The one executable: a daemon, its tools and its demo.
@main
struct Portico: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "portico",
        abstract: "The front door of a web shop: an edge cache and reverse proxy.",
        discussion: """
            Exit status: 0 success; 1 the check or test found something; 2 it could not do its \
            work; 64 wrong usage.
            """,
        version: version,
        subcommands: [
            Serve.self, Check.self, Purge.self, WAF.self, Explain.self, ImageCommand.self,
            Status.self, Token.self, Demo.self, DemoNodeCommand.self, ImageWorkerCommand.self,
        ])
}
