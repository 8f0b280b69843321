/// What the buffers of one job may hold together. Each is asked for before it is allocated, those
/// of the libraries by what they are known to take.
final class MemoryBudget {
    private var left: Int

    init(bytes: Int) { left = bytes }

    func reserve(_ bytes: Int) throws(ImageFailure) {
        guard bytes <= left else { throw .overLimit }
        left -= bytes
    }

    func release(_ bytes: Int) { left += bytes }
}
