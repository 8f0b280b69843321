internal import Logging
internal import PorticoCache
internal import PorticoExchange
internal import PorticoLoop

/// Opens the disk store in its folder and tells the operator how it fares.
enum DiskKeeper {
    /// Blocks while the journal and the newest segment are read; the other segments are read by a
    /// thread of its own, while requests are served. Where the folder cannot be used, the cache is
    /// what memory holds.
    static func open(_ snapshot: Snapshot, _ logger: Logger) {
        guard let disk = snapshot.policy.cache?.disk else { return }
        let path = folder(of: snapshot.configuration)
        disk.open(
            in: DiskTier.Surroundings(
                folder: { () throws(DiskFault) in
                    do throws(IOFault) {
                        return try SegmentFolder(path: path)
                    } catch { throw DiskFault(error) }
                },
                report: { event in
                    let (level, sentence) = event.sentence
                    logger.log(level: level, "cache.path \(path): \(sentence)")
                }))
        startThread { disk.load() }
    }

    static func folder(of configuration: Configuration) -> String {
        let path = configuration.cache.directory
        return path.hasPrefix("/") ? path : configuration.server.stateDirectory + "/" + path
    }
}

extension DiskEvent {
    /// For the log.
    fileprivate var sentence: (Logger.Level, String) {
        switch self {
        case .failing(let fault):
            (.error, "\(fault.sentence); objects are kept in memory only until it recovers")
        case .recovered: (.notice, "the disk works again")
        case .begunAnew: (.notice, "no readable journal: the disk store begins anew")
        case .journalDamaged:
            (.error, "the purge journal is damaged: everything on disk counts as purged")
        case .journalOverflowed:
            (
                .warning,
                "more purges than the journal holds: what is on disk now is not used after a restart"
            )
        case .journalFailing(let fault):
            (.error, "\(fault.sentence); purges cannot be written down")
        case .loaded(let objects, let skipped):
            (
                .notice,
                "the index is complete: \(objects) objects"
                    + (skipped > 0 ? ", \(skipped) damaged places skipped" : "")
            )
        }
    }
}

extension DiskFault {
    /// For people.
    fileprivate var sentence: String {
        switch self {
        case .full: "there is no space left on the device"
        case .system(let error): Process.reason(error)
        case .tooLarge: "the object is larger than a segment"
        case .busy: "readers hold on to segments that were given up"
        case .resting: "it failed a moment ago"
        case .outdated: "the object is older than the journal"
        case .wrongLength: "the body was not as long as announced"
        case .damaged: "a record was not what had been written"
        case .givenAway: "another process has the folder"
        }
    }
}
