"""A bench for tests of failure: a command of the tool in a folder of its own, what it leaves when nothing fails, and whether what it
left when something did is allowed: each file old or new, each failure told, nothing beside them."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

HEADROOM, WORKER, PROGRAM, LIBRARY = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
SANITIZED = sys.argv[5] == "ON"
EVERYTHING = os.environ.get("FAULTS_ALL") == "1"  # every call, not a sample of those that are alike
DEVICE = ["--device", "virtual:h100-80gb"]
PATIENCE = 60  # seconds until a run counts as one that hangs


class Command:
    """`words` may depend on whether the old state of things is made, which lies there when a run begins; so do the inputs that
    `prepare` lays. `appends`: files that a run adds to; `may_lack`: how names begin of what is a help and no result."""

    def __init__(self, name, words, prepare=None, variables=None, own_code=0, appends=(), tells_changes=False, may_lack=None):
        self.name, self.words, self.prepare, self.own_code = name, words, prepare or (lambda place, old: None), own_code
        self.variables, self.appends, self.tells_changes, self.may_lack = variables or {}, appends, tells_changes, may_lack

    def line(self, old=False):
        return [str(HEADROOM), *(self.words(old) if callable(self.words) else self.words)]


class Ended:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def said(self):
        return (self.err + self.out).decode(errors="replace")

    def __str__(self):
        return f"exit code {self.code}, stderr {self.err.decode(errors='replace')!r}"


class Place:
    """work/ is where a command runs and writes, tmp/ its TMPDIR."""

    def __init__(self, root, command):
        self.root, self.command = pathlib.Path(root), command
        self.work, self.tmp, self.log = self.root / "work", self.root / "tmp", self.root / "log"
        self.lay({})

    def lay(self, files):
        for folder in (self.work, self.tmp):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for name, content in files.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_bytes(content)

    def environment(self, fault="", **more):
        # The library is always there: what is preloaded is part of what `fit` keeps runs by.
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.root / "home"), "XDG_RUNTIME_DIR": str(self.root), "TMPDIR": str(self.tmp), "HEADROOM_WORKER": WORKER,
                "XDG_CACHE_HOME": str(self.work / "cache"), "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
                "LD_PRELOAD": LIBRARY, "FAULTS_PROGRAM": HEADROOM.name, "FAULTS_FOLDERS": f"{self.work}:{self.tmp}", "FAULT": fault,
                **self.command.variables, **more}

    def start(self, fault="", old=False, line=None, before=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **more):
        return subprocess.Popen(line or self.command.line(old), cwd=self.work, env=self.environment(fault, **more), stdin=stdin,
                                stdout=stdout, stderr=subprocess.PIPE, preexec_fn=before)

    def run(self, *arguments, **more):
        process = self.start(*arguments, **more)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Ended("none: it hangs", b"", b"")
        return Ended(process.returncode, out or b"", err)

    def files(self):
        """All in work/, but for locks: those stay, and hold nothing."""
        return {str(path.relative_to(self.work)): path.read_bytes() for path in sorted(self.work.rglob("*"))
                if path.is_file() and path.name != ".lock"}

    def litter(self):
        return sorted(path.name for path in self.tmp.iterdir())

    def count(self):
        ended = self.run(FAULTS_LOG=str(self.log))
        calls = [tuple(line.split(" ", 1)) for line in self.log.read_text(errors="replace").splitlines()]
        self.log.unlink()
        return ended, calls


class Reference:
    """What a command finds, says and leaves, when nothing fails; and its calls that can."""

    def __init__(self, place):
        self.place, command = place, place.command
        command.prepare(place, True)
        first = place.run(old=True)
        assert first.code == command.own_code, f"{command.name}: {first}"
        command.prepare(place, False)
        self.before = place.files()
        self.again()
        self.ended, self.calls = place.count()
        assert self.ended.code == command.own_code and not place.litter(), f"{command.name}: {self.ended}, {place.litter()}"
        self.after = place.files()

    def again(self):
        self.place.lay(self.before)

    def is_result(self, ended):
        """Whether a run did as well as one in which nothing failed."""
        files, optional = self.place.files(), self.place.command.may_lack or "/"
        same = {n: c for n, c in files.items() if not n.startswith(optional)} == {n: c for n, c in self.after.items()
                                                                                  if not n.startswith(optional)}
        return ended.code == self.ended.code and ended.out == self.ended.out and same and not any(map(is_temporary, files))

    def damage(self, any_report=False, killed=False):
        """What is wrong with the files that a run left; empty: nothing. `any_report`: a run of several failed, so that reports say
        so and are neither the old nor the new ones. `killed`: nobody could tidy up."""
        files = self.place.files()
        for name, content in files.items():
            if is_temporary(name):
                if not killed:
                    return f"{name} is left behind"
            elif content not in (self.after.get(name), self.before.get(name)) and not (any_report and is_whole(name, content)):
                known = name in self.after or name in self.before
                return f"{name} is neither the old file nor the new one" if known else f"{name} belongs to nothing"
        lost = [name for name in self.before if name in self.after and name not in files
                and not (any_report and name.endswith(".svg"))]  # a sweep's, of what is no longer all there
        if lost:
            return f"{lost[0]} is lost"
        return "" if killed or not self.place.litter() else f"{self.place.litter()} is left in TMPDIR"

    def recovers(self):
        """Empty, or what a second run, in which nothing fails, does not make good."""
        if self.place.files() in (self.before, self.after) and not self.place.litter():
            return ""  # what the reference found, or left
        for name in self.place.command.appends:
            (self.place.work / name).write_bytes(self.before.get(name, b""))
        ended, files = self.place.run(), self.place.files()
        if ended.code != self.ended.code or (ended.out != self.ended.out and not self.place.command.tells_changes):
            return f"the next run differs: {ended}"
        wrong = [name for name in {**files, **self.after} if files.get(name) != self.after.get(name)]
        return f"after the next run {wrong[0]} is another" if wrong else ""


def is_temporary(name):
    return pathlib.PurePath(name).name.startswith(".headroom-")


def is_whole(name, content):
    """Of reports that tell of a failure; recordings and baselines never differ so."""
    endings = {".json": (b"}\n", b"]\n"), ".html": b"</html>\n", ".xml": b">\n", ".sarif": b"}\n", ".svg": b"</svg>\n", ".md": b"\n",
               ".csv": b"\n"}
    ending = pathlib.PurePath(name).suffix
    return ending in endings and content.endswith(endings[ending])


class Bench(unittest.TestCase):
    def place(self, command):
        # Where files cost no disk.
        folder = tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.addCleanup(folder.cleanup)
        return Place(folder.name, command)

    def reference(self, command):
        return Reference(self.place(command))

    def expect(self, what, *troubles):
        for trouble in troubles:
            if trouble:
                self.fail(f"{what}: {trouble}")


def processes_of(marker):
    """Numbers of the processes that have `marker` in their environment."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[6:]])
