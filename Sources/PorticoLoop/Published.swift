internal import Synchronization

/// An immutable value that one thread replaces whole and every worker reads.
///
/// A worker keeps a `Subscription`: comparing one counter tells it whether its copy is
/// still the newest, and only then is the lock taken.
package final class Published<Value: AnyObject & Sendable>: Sendable {
    private let value: Mutex<Value>
    fileprivate let edition = Atomic<Int>(0)

    package init(_ value: Value) { self.value = Mutex(value) }

    package var current: Value { value.withLock { $0 } }

    package func replace(_ next: Value) {
        value.withLock { $0 = next }
        edition.wrappingAdd(1, ordering: .releasing)
    }

    package struct Subscription {
        private let published: Published
        private var edition: Int
        private var copy: Value

        package init(_ published: Published) {
            self.published = published
            edition = published.edition.load(ordering: .acquiring)
            copy = published.current
        }

        package var value: Value {
            mutating get {
                let newest = published.edition.load(ordering: .acquiring)
                if newest != edition {
                    edition = newest
                    copy = published.current
                }
                return copy
            }
        }
    }
}
