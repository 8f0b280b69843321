internal import Logging
internal import PorticoBytes
internal import PorticoExchange
internal import PorticoLoop

/// The daemon's two ends: told to stop, and followed by another process.
extension Steward {
    /// Whoever asks again within this time is told to go elsewhere with the answer; an idle
    /// connection ends after it.
    static var farewellToIdle: Duration { .seconds(5) }

    // MARK: - Being told to stop

    /// The first call lets requests finish within the grace time; a second one ends them.
    func stop() {
        if let succession {
            // At once: when this process has gone, it would think that it is the daemon.
            succession.process.kill()
            succession.abandon()
            self.succession = nil
        }
        if phase == .draining {
            logger.warning("told again to stop: connections are cut")
            return finish()
        }
        start.serviceManager.stopping()
        logger.notice(
            "stopping: requests have \(snapshot.configuration.server.shutdownGrace) to finish")
        drain(passingOn: [])
    }

    /// Accepts no more, and ends when the last request has, or the grace time.
    private func drain(passingOn passedOn: Set<Int32>) {
        phase = .draining
        let grace = snapshot.configuration.server.shutdownGrace
        let adminSockets = start.adminListeners.sockets.values.joined()
        if hasSuccessor, adminSockets.contains(where: { !passedOn.contains($0.descriptor) }) {
            adminListener?.finish()
        }
        adminListener?.stop()
        for socket in adminSockets { socket.close() }
        for connection in adminConnections.values { connection.drain() }
        let control = control
        let farewell = farewell
        for (index, member) in team.enumerated() {
            let sockets = listeners.sockets.keys.flatMap {
                listeners.share(of: $0, for: index, of: team.count)
            }
            member.send { part in
                part.drain(passingOn: passedOn, farewell: farewell) {
                    control.send { reactor in
                        (reactor.resident as? Steward)?.workerHasDrained()
                    }
                }
                // Where nobody else accepts, whoever comes now shall be refused at once, and go
                // elsewhere, instead of waiting in the kernel's queue for the end.
                for socket in sockets { socket.close() }
            }
        }
        reactor.every(grace) { [unowned self] in
            logger.warning("the grace time is over: connections are cut")
            finish()
            return nil
        }
    }

    private func workerHasDrained() {
        drainedWorkers += 1
        finishIfQuiet()
    }

    /// Ends when neither a worker nor the admin address has anything left to answer.
    func finishIfQuiet() {
        if phase == .draining, drainedWorkers == team.count, adminConnections.isEmpty { finish() }
    }

    private func finish() {
        shared.inspection.stop()
        shared.log.stop()
        Process.exit(0)
    }

    // MARK: - Being followed

    /// Starts the program anew, on the same sockets.
    func beginSuccession() {
        if phase != .open || succession != nil {
            let reason = succession == nil ? "the daemon is stopping" : "one is under way already"
            return logger.warning("SIGUSR2: no other process is started: \(reason)")
        }
        logger.notice("SIGUSR2: starting \(start.program) to take over")
        let made: Succession
        do throws(Succession.Failure) {
            made = try Succession(
                start.program, environment: options.environment, admin: start.adminListeners,
                data: listeners, on: reactor)
        } catch {
            return report(error)
        }
        succession = made
        reactor.start {
            do throws(Succession.Failure) {
                let passedOn = try await self.prepare(made)
                self.leave(to: made, passedOn)
            } catch {
                await self.goOn(without: made, because: error)
            }
        }
    }

    /// What goes before the moment: the descriptors from which the other process accepts then.
    private func prepare(_ successor: Succession) async throws(Succession.Failure) -> Set<Int32> {
        var said = try await successor.hear()
        if said == Bequest.Word.readyToTake {
            await rest()
            successor.say(Bequest.Word.take)
            said = try await successor.hear()
        }
        guard let passedOn = Bequest.descriptors(in: said, after: Bequest.Word.ready) else {
            throw .nonsense(said)
        }
        // Told to stop while the message was on its way.
        if phase != .open { throw .abandoned }
        return passedOn
    }

    /// Has purges rest and lets go of the disk. New connections wait in the kernel's queues
    /// meanwhile, so that a purge among them is answered by whoever can do it.
    private func rest() async {
        let disk = snapshot.policy.cache?.disk
        // What takes long goes first: until here all is as usual.
        await elsewhere { disk?.flush() }
        adminListener?.hold()
        for member in team { member.send { $0.pauseListening() } }
        await settled { [desk = shared.desk] done in desk.close(then: done) }
        await elsewhere { disk?.giveAway() }
    }

    /// The other process is the daemon from now on.
    private func leave(to successor: Succession, _ passedOn: Set<Int32>) {
        // First: what it is told to purge must not be served here.
        snapshot.policy.cache?.retire()
        hasSuccessor = true
        succession = nil
        start.serviceManager.mainProcess(is: successor.process.identifier)
        successor.say(Bequest.Word.go)
        successor.close()
        logger.notice(
            """
            process \(successor.process.identifier) has taken over: requests have \
            \(snapshot.configuration.server.shutdownGrace) to finish here
            """)
        drain(passingOn: passedOn)
    }

    /// All is as it was.
    private func goOn(without successor: Succession, because failure: Succession.Failure) async {
        await successor.kill()
        if phase == .open {
            let disk = snapshot.policy.cache?.disk
            await elsewhere { disk?.takeBack() }
            shared.desk.open()
            adminListener?.resume()
            for member in team { member.send { $0.goOnListening() } }
        }
        succession = nil
        report(failure)
    }

    private func report(_ failure: Succession.Failure) {
        logger.error("taking over failed, this process goes on: \(failure.sentence)")
    }

    // MARK: - Waiting for others

    /// Has `work`, which blocks, done by a thread of its own.
    private func elsewhere(_ work: @escaping @Sendable () -> Void) async {
        await settled { done in
            startThread {
                work()
                done()
            }
        }
    }

    /// Waits until `begin`'s argument has been called, by whomever.
    private func settled(_ begin: (@escaping @Sendable () -> Void) -> Void) async {
        let point = WaitPoint(reactor.timers)
        let waker = reactor.waker(for: point)
        begin { waker.wake() }
        _ = await point.wait(by: .distantFuture)
        reactor.dismiss(waker)
        point.retire()
    }
}
