"""surroundings_test.py HEADROOM WORKER PROGRAM LIBRARY SANITIZED: places that cannot be written, limits that are small, streams that
are closed: one clear message, in bounded time, and what was there stays."""
import ctypes
import os
import pathlib
import resource
import signal
import subprocess
import unittest

from bench import DEVICE, HEADROOM, SANITIZED, Bench, Command, main
import commands

WRITING = [c for c in commands.ALL if c.name in ("profile", "report", "check", "sweep", "merge", "fit", "run", "fragmentation", "reproduce")]
LIBC = ctypes.CDLL(None, use_errno=True)


def mount(folder, options, flags=0):
    if LIBC.mount(b"none", str(folder).encode(), b"tmpfs", flags, options.encode()) != 0:
        raise unittest.SkipTest("mounting needs root")


def limited(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


def closed(*descriptors):
    return lambda: [os.close(descriptor) for descriptor in descriptors]


class Surroundings(Bench):
    def line_to(self, command, out):
        return [out if word == "out" else word for word in command.line()]

    def refused(self, place, line, codes=(2, 3), said=(), **more):
        ended = place.run(line=line, **more)
        what = f"{place.command.name}: {ended}"
        self.assertIn(ended.code, codes, what)
        complaints = [text for text in ended.err.split(b"\n") if text.startswith(b"headroom: ")]
        self.assertEqual(len(complaints), 1, what)
        self.assertNotIn(b"unexpected", ended.err, what)
        for text in said:
            self.assertIn(text, complaints[0], what)
        return ended

    def test_a_folder_that_cannot_be_is_named_and_nothing_is_touched(self):
        long_path = "d/" * 2500 + "out"
        for command in WRITING:
            place = self.place(command)
            command.prepare(place, False)
            (place.work / "file").write_text("text")
            before = place.files()
            for out, reason in (("file", b"Not a directory"), ("file/deeper", b"Not a directory"), (long_path, b"File name too long"),
                                ("n" * 256, b"File name too long"), ("/proc/headroom", b"No such file or directory")):
                if out == "file":
                    reason = b"file"
                self.refused(place, self.line_to(command, out), codes=(2,), said=(reason,))
                self.assertEqual(place.files(), before)
                self.assertEqual(place.litter(), [])

    def test_a_file_that_would_be_a_folder_is_named_and_the_others_are_written(self):
        place = self.place(commands.PROFILE)
        (place.work / "out/report.json").mkdir(parents=True)
        self.refused(place, None, codes=(2,), said=(b"report.json", b"is a folder"))
        self.assertIn("out/mqa.headroom", place.files())

    def test_names_that_are_no_text_are_names(self):
        name = b"\xff\xfe\x1b[31m"
        for command in WRITING:
            place = self.place(command)
            command.prepare(place, False)
            ended = place.run(line=[name if word == "out" else word for word in command.line()])
            self.assertEqual(ended.code, command.own_code, f"{command.name}: {ended}")
            self.assertNotIn(b"\x1b", ended.err + ended.out)
            self.assertTrue((place.work / os.fsdecode(name)).is_dir())

    def test_a_folder_that_vanishes_during_the_run_is_told(self):
        for command in WRITING:
            place = self.place(command)
            command.prepare(place, False)
            place.log.unlink(missing_ok=True)
            folder = place.work / "out"
            place.run(FAULTS_LOG=str(place.log), FAULTS_FOLDERS=str(folder))
            calls = [line.split(" ")[0] for line in place.log.read_text().splitlines()]
            opens = [number for number, kind in enumerate(calls, 1) if kind == "open"]
            for number in opens[1:3] + opens[-1:]:
                place.lay({})
                command.prepare(place, False)
                ended = place.run(f"any:{number}:gone", FAULTS_FOLDERS=str(folder))
                self.assertIn(ended.code, (2, 3), f"{command.name}, call {number}: {ended}")
                self.assertIn("No such file or directory", ended.said)
                self.assertNotIn("unexpected", ended.said)
                self.assertEqual(place.litter(), [])

    def test_a_folder_that_is_only_read_is_named(self):
        for command in WRITING:
            place = self.place(command)
            command.prepare(place, False)
            folder = place.work / "out"
            folder.mkdir()
            (folder / "report.json").write_text("old")
            if os.geteuid() == 0:
                mount(folder, "size=64k", flags=1)  # MS_RDONLY
                self.addCleanup(LIBC.umount2, str(folder).encode(), 2)
            else:
                folder.chmod(0o555)
                self.addCleanup(folder.chmod, 0o755)
            reason = b"Read-only file system" if os.geteuid() == 0 else b"Permission denied"
            self.refused(place, None, codes=(2,), said=(b"out", reason))

    def test_a_full_file_system_keeps_what_is_whole(self):
        for command in WRITING:
            reference = self.reference(command)
            place = reference.place
            for kilobytes in 4, 12, 24:
                reference.again()
                (place.work / "out").mkdir(exist_ok=True)
                kept = {n: c for n, c in reference.before.items() if n.startswith("out/")}
                mount(place.work / "out", f"size={kilobytes}k")
                try:
                    for name, content in list(kept.items())[:1]:
                        (place.work / name).parent.mkdir(parents=True, exist_ok=True)
                        (place.work / name).write_bytes(content[:2048])
                    old = {n: c for n, c in place.files().items() if n.startswith("out/")}
                    ended, found = place.run(), place.files()
                finally:
                    LIBC.umount2(str(place.work / "out").encode(), 2)
                self.assertIn(ended.code, (0, 2, 3), f"{command.name}: {ended}")
                if ended.code == 3:
                    self.assertIn("No space left on device", ended.said)
                for name, content in found.items():
                    if name.startswith("out/"):
                        self.assertIn(content, (old.get(name), reference.after.get(name)), f"{command.name}: {name}")
                self.assertEqual(place.litter(), [])

    def test_a_limit_on_the_size_of_files_is_a_failed_write(self):
        for command in WRITING:
            if command.name == "run":
                continue  # its program has the limit, too
            reference = self.reference(command)
            for size in 0, 100, 3000:
                for handler in signal.SIG_DFL, signal.SIG_IGN:
                    def before(size=size, handler=handler):
                        signal.signal(signal.SIGXFSZ, handler)
                        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
                    reference.again()
                    ended = reference.place.run(before=before)
                    told = ended.code in (2, 3) and "File too large" in ended.said or reference.is_result(ended)
                    self.expect(f"{command.name}, {size} bytes: {ended}", "" if told else "it is not told",
                                reference.damage(any_report=True), reference.recovers())

    def test_stdout_that_is_a_file_of_limited_size_is_a_failed_write(self):
        place = self.place(commands.STDOUT)
        with open(place.root / "result", "wb") as out:
            ended = place.run(stdout=out, before=limited(resource.RLIMIT_FSIZE, 5000), HEADROOM_FAKE="ok")
        self.assertEqual(ended.code, 3, ended)
        self.assertIn("stdout: File too large", ended.said)

    @unittest.skipIf(SANITIZED, "sanitizers ask by a pipe of their own what can be read, and take its absence for a fault")
    def test_few_descriptors_are_told(self):
        for command in commands.PROFILE, commands.COMPARE, commands.SWEEPING, commands.RUN, commands.REPORT:
            reference = self.reference(command)
            for most in range(3, 24):
                reference.again()
                ended = reference.place.run(before=limited(resource.RLIMIT_NOFILE, most))
                well = reference.is_result(ended)
                told = ended.code in (2, 3, 127) and ("Too many open files" in ended.said or "error while loading" in ended.said)
                self.expect(f"{command.name}, {most} descriptors: {ended}", "" if well or told else "it is not told",
                            reference.damage(any_report=True))

    @unittest.skipIf(SANITIZED, "sanitizers take more addresses than the limit leaves")
    def test_little_memory_is_told(self):
        for command in commands.PROFILE, commands.REPORT, commands.SWEEPING:
            reference = self.reference(command)
            for megabytes in range(8, 40, 2):
                reference.again()
                ended = reference.place.run(before=limited(resource.RLIMIT_AS, megabytes << 20))
                well = reference.is_result(ended)
                told = ended.code in (2, 3, 127) and ended.err
                self.expect(f"{command.name}, {megabytes} MiB: {ended}", "" if well or told else "it is not told",
                            reference.damage(any_report=True))

    def test_closed_streams_are_no_place_for_files(self):
        for command in commands.ALL:
            reference = self.reference(command)
            for streams in (0,), (2,), (0, 2), (1,), (0, 1, 2):
                reference.again()
                ended = reference.place.run(before=closed(*streams))
                writes = bool(reference.ended.out)
                expected = 3 if 1 in streams and writes else command.own_code
                self.expect(f"{command.name} without {streams}: {ended}", "" if ended.code == expected else "another exit code",
                            reference.damage())
                if 2 not in streams and expected == 3:
                    self.assertIn("stdout", ended.said)

    def test_a_stdout_that_takes_nothing_is_told_and_files_are_whole(self):
        for command in commands.ALL:
            reference = self.reference(command)
            if not reference.ended.out:
                continue
            for kind in "full", "gone":
                reference.again()
                if kind == "full":
                    with open("/dev/full", "wb") as full:
                        ended = reference.place.run(stdout=full)
                else:
                    read, write = os.pipe()
                    os.close(read)
                    ended = reference.place.run(stdout=write)
                    os.close(write)
                reason = "No space left on device" if kind == "full" else "its reader has gone"
                told = ended.code == 3 and f"stdout: {reason}" in ended.said
                files = {n: c for n, c in reference.place.files().items() if not n.startswith("cache/")}
                whole = files == {n: c for n, c in reference.after.items() if not n.startswith("cache/")}
                self.expect(f"{command.name}, stdout {kind}: {ended}", "" if told else "it is not told",
                            "" if whole else "files are missing", reference.damage())


if __name__ == "__main__":
    main()
