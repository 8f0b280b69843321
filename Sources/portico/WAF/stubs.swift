import ArgumentParser
struct WAFLint: ParsableCommand {}
struct WAFBench: ParsableCommand {}
struct WAFDiff: ParsableCommand {}
struct WAFReplay: ParsableCommand {}
