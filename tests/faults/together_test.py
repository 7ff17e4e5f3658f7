"""together_test.py HEADROOM WORKER PROGRAM LIBRARY SANITIZED: two runs that write to one place at once: each file is one of the two's,
whole, or the second run says plainly that the first one works there."""
import signal
import time

from bench import EVERYTHING, PATIENCE, Bench, Command, main
import commands

ROUNDS = 10 if EVERYTHING else 2


class Together(Bench):
    def both(self, reference, **more):
        """Of two runs of the command, started at once: the old and the new one."""
        place = reference.place
        processes = [place.start(old=old, **more) for old in (True, False)]
        ended = [(*process.communicate(timeout=PATIENCE), process.returncode) for process in processes]
        return [(code, (err + out).decode(errors="replace")) for out, err, code in ended]

    def each_file_is_of_one(self, command, **more):
        reference = self.reference(command)
        for _ in range(ROUNDS):
            reference.again()
            for code, said in self.both(reference, **more):
                in_use = code == 2 and "is in use by another" in said
                self.assertTrue(in_use or code == command.own_code, f"{command.name}: {code}, {said}")
            self.expect(command.name, reference.damage(), reference.recovers())

    def test_half_written_files_of_others_are_left_alone_and_those_of_the_dead_are_not(self):
        reference = self.reference(commands.PROFILE)
        alive, dead = reference.place.work / "out/.headroom-1-0.tmp", reference.place.work / "out/.headroom-999999999-0.tmp"
        reference.again()
        for file in alive, dead, dead.with_name("headroom-999999999.tmp"):
            file.write_bytes(b"half")
        self.assertEqual(reference.place.run().code, 0)
        self.assertTrue(alive.exists())
        self.assertFalse(dead.exists())
        self.assertTrue(dead.with_name("headroom-999999999.tmp").exists())

    def test_a_sweep_that_is_at_work_keeps_others_out_and_its_end_lets_them_in(self):
        reference = self.reference(commands.SWEEPING)
        reference.again()
        first = reference.place.start(HEADROOM_FAKE="mqa=hang")
        while not list((reference.place.tmp).iterdir()):  # its workers', once it has locked
            self.assertIsNone(first.poll())
            time.sleep(0.005)
        second = reference.place.run()
        first.terminate()
        first.communicate(timeout=PATIENCE)
        self.assertEqual(first.returncode, -signal.SIGTERM)
        self.assertEqual(second.code, 2, second)
        self.assertIn("'out' is in use by another sweep or merge", second.said)
        self.assertEqual(reference.place.run().code, 0)


CHECK = Command("check", commands.CHECK.words, commands.CHECK.prepare)  # its summary on GitHub is of both
for each in (commands.PROFILE, commands.COMPARE, commands.REPORT, CHECK, commands.UPDATE, commands.SWEEPING, commands.MERGE,
             commands.FIT, commands.RUN, commands.REPRODUCE):
    setattr(Together, f"test_{each.name}_twice", lambda self, command=each: self.each_file_is_of_one(command))

if __name__ == "__main__":
    main()
