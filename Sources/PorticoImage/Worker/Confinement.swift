internal import CPorticoSeccomp

/// What a worker process gives up before it sees a foreign byte.
enum Confinement {
    /// Beyond what the buffers of a job may hold: the source itself, mapped, and what codecs and
    /// the allocator need beside.
    private static let margin: UInt64 = 128 << 20

    /// `memory`: bytes that the buffers of one job may hold. Whether it has worked; a process that
    /// is not confined must not go on.
    static func enter(memory: Int) -> Bool {
        let bytes = UInt64(clamping: memory)
        return psc_confine(bytes &+ margin, max(bytes, 64 << 20)) == 0
    }
}
