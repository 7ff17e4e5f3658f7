"""worker_test.py HEADROOM WORKER PROGRAM LIBRARY SANITIZED: whatever becomes of a worker at whatever point of the protocol, the tool
ends, says so and loses nothing. The points and effects are those of tests/cli/fake_worker.cpp."""
import os
import signal
import subprocess
import time
import unittest

from bench import EVERYTHING, PATIENCE, SANITIZED, Bench, Command, main, processes_of
import commands

POINTS = range(8)
KILLED = {"kill": "SIGKILL", "segv": "SIGSEGV"}
CHOSEN = [1, 3, 6] if SANITIZED else POINTS


class Worker(Bench):
    def actions(self, effect, point):
        # Before the job is read the worker does not know whose it is.
        return f"*=at-0-{effect},mqa=at-9-none" if point == 0 else f"mqa=at-{point}-{effect}"

    def ends_ill(self, command, effect, point, expected, reference):
        reference.again()
        ended = reference.place.run(HEADROOM_FAKE=self.actions(effect, point))
        what = f"{command.name}: {effect} at point {point}: {ended}"
        self.expect(what, "" if ended.code == 3 else "another exit code", "" if expected in ended.said else "the cause is not told",
                    reference.damage(any_report=True), "a worker is left" if processes_of(str(reference.place.tmp)) else "")
        for name in command.appends:
            (reference.place.work / name).unlink(missing_ok=True)
        again = reference.place.run()
        wrong = [n for n, c in reference.place.files().items() if c != reference.after.get(n) and n not in command.appends]
        well = again.code == command.own_code and (command.tells_changes or again.out == reference.ended.out)
        self.expect(what, "" if well else f"the next run differs: {again}", f"{wrong} differ after the next run" if wrong else "")

    def every_death(self, command):
        reference = self.reference(command)
        for effect, expected in KILLED.items():
            for point in CHOSEN if effect == "kill" else [2]:
                self.ends_ill(command, effect, point, expected, reference)
        for point in CHOSEN:
            if 0 < point < 7:
                self.ends_ill(command, "exit", point, "its recording is missing or damaged", reference)

    def every_noise(self, command):
        reference = self.reference(command)
        for effect in "garbage", "flood":
            for point in CHOSEN:
                if point == 0:
                    continue
                reference.again()
                ended = reference.place.run(HEADROOM_FAKE=self.actions(effect, point))
                self.expect(f"{command.name}: {effect} at point {point}: {ended}", "" if reference.is_result(ended) else "it matters",
                            reference.damage())

    def hangs(self, command):
        reference = self.reference(command)
        for effect in "hang", "stubborn", "spew":
            for point in ([0, 3, 6] if command.name != "profile" else CHOSEN) if effect == "hang" else [3]:
                reference.again()
                ended = reference.place.run(line=[*command.line(), "--timeout", "0.2"], HEADROOM_FAKE=self.actions(effect, point))
                self.expect(f"{command.name}: {effect} at point {point}: {ended}", "" if ended.code == 3 else "another exit code",
                            "" if "no result after 0.2s" in ended.said else "it is not told", reference.damage(any_report=True),
                            "a worker is left" if processes_of(str(reference.place.tmp)) else "")
        for name in command.appends:
            (reference.place.work / name).unlink(missing_ok=True)
        self.expect(command.name, reference.recovers())

    def test_a_training_that_dies_or_hangs_is_told_and_the_next_run_goes_on(self):
        reference = self.reference(commands.REPRODUCE)
        for effect, expected in ("killed", "SIGKILL"), ("segv", "SIGSEGV"), ("hang", "no result after 0.2s"), ("nothing", "missing or damaged"):
            reference.again()
            limit = ["--timeout", "0.2"] if effect == "hang" else []
            ended = reference.place.run(line=[*commands.REPRODUCE.line(), *limit], HEADROOM_FAKE=f"training={effect}")
            self.expect(f"reproduce: {effect}: {ended}", "" if ended.code == 3 and expected in ended.said else "it is not told",
                        reference.damage(any_report=True), reference.recovers())

    def test_gigabytes_without_an_end_of_a_line_take_no_memory(self):
        reference = self.reference(commands.PROFILE)
        reference.again()
        process = reference.place.start(stdout=subprocess.DEVNULL, HEADROOM_FAKE="mqa=at-2-torrent")
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read()
        process.stderr.close()
        self.assertEqual((process.returncode, said), (0, b""))
        self.assertEqual(reference.place.files(), reference.after)
        if not SANITIZED:
            self.assertLess(used.ru_maxrss, 64 << 10)  # KiB

    def test_fit_tells_that_its_worker_died_and_keeps_no_wrong_answer(self):
        reference = self.reference(commands.FIT)
        for point in CHOSEN:
            reference.again()
            ended = reference.place.run(HEADROOM_FAKE=f"at-{point}-kill" if point else "*=at-0-kill")
            self.expect(f"fit: killed at {point}: {ended}", "" if ended.code == 3 and "SIGKILL" in ended.said else "it is not told",
                        reference.damage(any_report=True))
            again = reference.place.run()
            self.expect(f"fit after a death at {point}: {again}", "" if reference.is_result(again) else "it differs")

    def test_fragmentation_tells_that_its_worker_died(self):
        reference = self.reference(commands.FRAGMENTATION)
        for action in "killed", "segv", "nothing", "garbage":
            reference.again()
            ended = reference.place.run(HEADROOM_FAKE=f"replay={action}")
            self.expect(f"fragmentation: {action}: {ended}", "" if ended.code in (2, 3) and ended.err.count(b"\n") < 4 else "not so",
                        reference.damage(), reference.recovers())

    def test_a_stopped_worker_is_told_and_ends_with_the_tool(self):
        for command in commands.PROFILE, commands.COMPARE, commands.SWEEPING:
            reference = self.reference(command)
            for sent in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
                reference.again()
                process = reference.place.start(HEADROOM_FAKE="mqa=at-3-stop")
                told = process.stderr.readline()  # at the latest when it is killed
                process.send_signal(sent)
                out, err = process.communicate(timeout=PATIENCE)
                self.assertIn(b"is stopped", told)
                self.assertEqual(process.returncode, -sent, err)
                self.expect(command.name, reference.damage(), reference.recovers())
                self.assertEqual(processes_of(str(reference.place.tmp)), [])

    def test_a_stopped_worker_that_goes_on_gives_its_result(self):
        reference = self.reference(commands.PROFILE)
        process = reference.place.start(HEADROOM_FAKE="mqa=at-3-stop")
        told = process.stderr.readline().decode()
        os.kill(int(told.split("kill -CONT ")[1].split()[0]), signal.SIGCONT)
        process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(reference.place.files(), reference.after)

    def test_signals_at_a_hanging_worker_end_it_and_keep_all_files(self):
        for command in commands.MEASURING:
            reference = self.reference(command)
            for sent in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
                reference.again()
                process = reference.place.start(HEADROOM_FAKE="mqa=hang")
                self.wait_for(lambda: len(processes_of(str(reference.place.tmp))) > 1)
                time.sleep(0.02)
                process.send_signal(sent)
                out, err = process.communicate(timeout=PATIENCE)
                self.assertEqual(process.returncode, -sent, f"{command.name}: {err}")
                self.expect(f"{command.name}: {sent.name}", reference.damage(), reference.recovers(),
                            "a worker is left" if processes_of(str(reference.place.tmp)) else "")

    def test_a_program_that_dies_is_recorded_and_nothing_of_it_is_left(self):
        for end in ["kill", "9"], ["kill", "11"], ["kill", "15"], ["exit", "5"]:
            command = Command("run", [*commands.RUN.words, *end], own_code=128 + int(end[1]) if end[0] == "kill" else int(end[1]))
            reference = self.reference(command)
            self.assertIn("out/headroom_fake_program.headroom", reference.after)
            self.expect(command.name, reference.damage(), "it left a process" if processes_of(str(reference.place.tmp)) else "")

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)


for each in commands.MEASURING:
    setattr(Worker, f"test_{each.name}_survives_every_death", lambda self, command=each: self.every_death(command))
for each in (commands.PROFILE, commands.CHECK, commands.SWEEPING):
    setattr(Worker, f"test_{each.name}_ends_a_worker_that_hangs", lambda self, command=each: self.hangs(command))
for each in (commands.PROFILE, commands.COMPARE):
    setattr(Worker, f"test_{each.name}_hears_no_noise", lambda self, command=each: self.every_noise(command))

if __name__ == "__main__":
    main()
