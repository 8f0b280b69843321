import ArgumentParser

struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run three demo shop nodes and the front door before them.")

    func run() {}
}
