"""`headroom run` on a program of this folder: its exit code, what it printed, and the report of its recording."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
HEADROOM = os.environ["HEADROOM_EXECUTABLE"]


class Result:
    def __init__(self, done, folder):
        self.code, self.errors = done.returncode, done.stderr
        self.lines = done.stdout.splitlines()
        self.recordings = sorted(path.name for path in folder.glob("*.headroom"))
        report = folder / "report.json"
        self.runs = json.loads(report.read_text())["runs"] if report.exists() else []

    @property
    def printed(self):
        return json.loads(next(line for line in reversed(self.lines) if line.startswith("{")))


class RunTest(unittest.TestCase):
    def headroom_run(self, *command, flags=(), device="virtual:h100-80gb", while_running=None):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(lambda: subprocess.run(["rm", "-rf", folder]))
        program = [sys.executable, *map(str, command)]
        call = [HEADROOM, "run", "--device", device, "--out", folder, "--format", "json", *flags, "--", *program]
        process = subprocess.Popen(call, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if while_running:
            while_running(process)
        out, errors = process.communicate(timeout=280)
        return Result(subprocess.CompletedProcess(call, process.returncode, out, errors), folder)

    def assertSumsHold(self, run):
        peak = run["peak"]["allocated_bytes"]
        self.assertEqual(sum(run["at_peak"]["categories"].values()), peak)
        self.assertEqual(sum(layer["bytes"] for layer in run["at_peak"]["layers"]), peak)

    def assertTellsWhatTheProgramKnows(self, result, categories=("parameter", "gradient", "optimizer_state")):
        """The program's own figures, by numel and itemsize in the allocator's blocks, and PyTorch's peak, to the byte."""
        self.assertEqual(result.code, 0, result.errors)
        (run,) = result.runs
        self.assertEqual(run["outcome"]["kind"], "ok")
        self.assertSumsHold(run)
        self.assertEqual(run["peak"]["allocated_bytes"], result.printed["peak"])
        for category in categories:
            self.assertEqual(run["at_peak"]["categories"][category], result.printed[category], category)
        return run

    def assertLayersAreModules(self, result, run):
        modules = set(result.printed["modules"])
        holders = {layer["path"] for layer in run["layers"] if layer["parameter_bytes"]}
        self.assertTrue(holders)
        self.assertLessEqual(holders, modules)
