package import PorticoBytes

/// A regular expression that answers in a time linear in the word, whoever wrote it.
///
/// Patterns of purges come over the network, and are held against every tag or URL that the cache
/// knows: so no backtracking, which a pattern could drive into exponential time. The expression
/// becomes a nondeterministic automaton, and the words make a deterministic one of the part of it that
/// they need, state by state (Thompson; "lazy DFA"). A byte then costs one load.
///
/// What can be asked for of it is bounded: program, states and the work of making states. Where the
/// work is used up, each further word counts as matched: a purge may take too much, never too little.
package struct LinearPattern: Sendable {
    private enum Instruction {
        case set(Int)
        case split(Int, Int)
        case jump(Int)
        case atBegin
        case atEnd
        case match
    }

    /// What a state says of the word so far.
    private enum Outcome: UInt8 {
        case open
        /// A match, if the word ends here.
        case matchAtEnd
        /// A match, whatever follows.
        case match
    }

    /// Instructions of one pattern.
    static let mostInstructions = 16_384
    /// States that are kept at a time: 1 KiB each.
    private static let mostStates = 1024
    /// Instructions looked at while states are made: about a second.
    private static let mostWork = 1 << 28

    private var program: [Instruction] = []
    private var sets: [ByteSet] = []

    // Of each state: the instructions that wait for a byte or for the end, and the outcome.
    private var states: [[Int32]] = []
    private var outcomes: [Outcome] = []
    private var numbers: [[Int32]: Int] = [:]
    /// By state and byte; -1: not known yet.
    private var transitions: [Int32] = []
    private var work = 0
    // Of a closure that is being made.
    private var marks: [UInt32]
    private var turn: UInt32 = 0

    package init(_ text: Span<UInt8>) throws(PatternFault) {
        var reader = PatternReader(text)
        let node = try reader.read()
        marks = []
        try emit(node)
        try emit(.match)
        marks = Array(repeating: 0, count: program.count)
    }

    /// Whether the pattern is found anywhere in the word.
    package mutating func matches(_ word: Span<UInt8>) -> Bool {
        if states.isEmpty { begin() }
        var state = 0
        for index in word.indices {
            if outcomes[state] == .match { return true }
            let byte = word[index]
            let known = transitions[state << 8 | Int(byte)]
            if known >= 0 {
                state = Int(known)
                continue
            }
            if work > Self.mostWork { return true }
            state = step(from: state, over: byte)
        }
        return outcomes[state] != .open
    }

    // MARK: - Program

    private mutating func emit(_ instruction: Instruction) throws(PatternFault) {
        guard program.count < Self.mostInstructions else { throw .tooLarge }
        program.append(instruction)
    }

    private mutating func emit(_ node: PatternNode) throws(PatternFault) {
        switch node {
        case .set(let set):
            let index = sets.firstIndex(of: set) ?? sets.count
            if index == sets.count { sets.append(set) }
            try emit(.set(index))
        case .begin: try emit(.atBegin)
        case .end: try emit(.atEnd)
        case .sequence(let parts): for part in parts { try emit(part) }
        case .choice(let branches): try emit(choice: branches)
        case .repeated(let node, let least, let most):
            for _ in 0..<least { try emit(node) }
            guard let most else { return try emit(loop: node) }
            var exits: [Int] = []
            for _ in least..<most {
                exits.append(program.count)
                try emit(.jump(0))
                try emit(node)
            }
            for exit in exits { program[exit] = .split(exit + 1, program.count) }
        }
    }

    private mutating func emit(choice branches: [PatternNode]) throws(PatternFault) {
        var ends: [Int] = []
        for (index, branch) in branches.enumerated() {
            if index == branches.count - 1 {
                try emit(branch)
                break
            }
            let fork = program.count
            try emit(.jump(0))
            try emit(branch)
            ends.append(program.count)
            try emit(.jump(0))
            program[fork] = .split(fork + 1, program.count)
        }
        for end in ends { program[end] = .jump(program.count) }
    }

    private mutating func emit(loop node: PatternNode) throws(PatternFault) {
        let fork = program.count
        try emit(.jump(0))
        try emit(node)
        try emit(.jump(fork))
        program[fork] = .split(fork + 1, program.count)
    }

    // MARK: - States

    private mutating func begin() {
        var waiting: [Int32] = []
        beginClosure()
        let isMatch = follow(0, into: &waiting, atBegin: true, atEnd: false)
        _ = add(waiting, isMatch, atBegin: true)
    }

    private mutating func step(from state: Int, over byte: UInt8) -> Int {
        var waiting: [Int32] = []
        var isMatch = false
        beginClosure()
        let before = states[state]
        work &+= before.count
        for pc in before {
            guard case .set(let set) = program[Int(pc)], sets[set].contains(byte) else { continue }
            if follow(Int(pc) + 1, into: &waiting, atBegin: false, atEnd: false) { isMatch = true }
        }
        // The match may begin behind this byte as well.
        if follow(0, into: &waiting, atBegin: false, atEnd: false) { isMatch = true }
        let number: Int
        if let known = numbers[waiting], (outcomes[known] == .match) == isMatch {
            number = known
        } else {
            if states.count >= Self.mostStates {
                forget()
                return add(waiting, isMatch, atBegin: false)
            }
            number = add(waiting, isMatch, atBegin: false)
        }
        transitions[state << 8 | Int(byte)] = Int32(number)
        return number
    }

    /// All states but the first: they are made again when they are needed.
    private mutating func forget() {
        states = []
        outcomes = []
        numbers = [:]
        transitions = []
        begin()
    }

    private mutating func add(_ waiting: [Int32], _ isMatch: Bool, atBegin: Bool) -> Int {
        var outcome = isMatch ? Outcome.match : .open
        var rest: [Int32] = []
        beginClosure()
        for pc in waiting {
            guard case .atEnd = program[Int(pc)] else { continue }
            let isEnd = follow(Int(pc) + 1, into: &rest, atBegin: atBegin, atEnd: true)
            if isEnd, !isMatch { outcome = .matchAtEnd }
        }
        let number = states.count
        states.append(waiting)
        outcomes.append(outcome)
        // The first one is where "^" holds: another with the same instructions is not it.
        if !atBegin { numbers[waiting] = number }
        transitions += Array(repeating: -1, count: 256)
        return number
    }

    /// Forgets which instructions were seen.
    private mutating func beginClosure() {
        turn &+= 1
        if turn == 0 {
            for index in marks.indices { marks[index] = 0 }
            turn = 1
        }
    }

    /// Adds what can be reached without a byte; whether that is the end of the pattern. With a list
    /// of its own, since a pattern may be as deep as it is long.
    private mutating func follow(
        _ start: Int, into waiting: inout [Int32], atBegin: Bool, atEnd: Bool
    ) -> Bool {
        var open = [start]
        var isMatch = false
        while let pc = open.popLast() {
            if marks[pc] == turn { continue }
            marks[pc] = turn
            work &+= 1
            switch program[pc] {
            case .jump(let target): open.append(target)
            case .split(let first, let second):
                open.append(second)
                open.append(first)
            case .atBegin: if atBegin { open.append(pc + 1) }
            case .atEnd:
                if atEnd { open.append(pc + 1) } else { waiting.append(Int32(pc)) }
            case .set: waiting.append(Int32(pc))
            case .match: isMatch = true
            }
        }
        return isMatch
    }
}
