import ArgumentParser
struct WAFLint: ParsableCommand {}
