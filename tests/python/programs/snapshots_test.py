"""A recording exported as a snapshot is PyTorch's own snapshot of the same run: the same segments, blocks and events, with
the same addresses and sizes, to the byte."""
import importlib.util
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import unittest

from run_support import HEADROOM, HERE


def torchs_viewer():
    """torch.cuda._memory_viz, without the CUDA libraries that `import torch` would look for here."""
    path = pathlib.Path(importlib.util.find_spec("torch").origin).parent / "cuda" / "_memory_viz.py"
    spec = importlib.util.spec_from_file_location("memory_viz", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


viewer = torchs_viewer()

def streams_by_first_use(snapshot):
    """PyTorch names streams by their handles."""
    numbers = {0: 0}
    for entry in snapshot["device_traces"][0]:
        numbers.setdefault(entry["stream"], len(numbers))
    return numbers


def pools_by_first_use(snapshot):
    numbers = {(0, 0): 0}
    for segment in sorted(snapshot["segments"], key=lambda s: s["segment_pool_id"]):
        numbers.setdefault(tuple(segment["segment_pool_id"]), len(numbers))
    return numbers


def events(snapshot):
    streams = streams_by_first_use(snapshot)
    found = []
    for e in snapshot["device_traces"][0]:
        event = (e["action"], e["device_free"] if e["action"] == "oom" else e["addr"], e["size"],
                 None if e["action"] == "oom" else streams[e["stream"]])
        before = found[-1] if found else None
        # Torch 2.15 tells at once that neighbours were unmapped, and Headroom one by one as they were mapped.
        if before and event[0] == before[0] == "segment_unmap" and before[1] + before[2] == event[1] and before[3] == event[3]:
            found[-1] = (before[0], before[1], before[2] + event[2], before[3])
        else:
            found.append(event)
    return found


def blocks(segment):
    # Of a free block PyTorch keeps what was last asked of it; nobody uses those bytes.
    return [(b["address"], b["size"], b["state"], b["requested_size"] if b["state"] != "inactive" else None)
            for b in segment["blocks"]]


def segments(snapshot):
    streams, pools = streams_by_first_use(snapshot), pools_by_first_use(snapshot)
    keys = ("device", "address", "total_size", "allocated_size", "active_size", "requested_size", "segment_type",
            "is_expandable")
    return [(*(s[key] for key in keys), streams[s["stream"]], pools[tuple(s["segment_pool_id"])], blocks(s))
            for s in snapshot["segments"]]


class Snapshots(unittest.TestCase):
    def both(self, *wanted, settings=""):
        """PyTorch's snapshot and ours."""
        folder = tempfile.mkdtemp()
        self.addCleanup(lambda: subprocess.run(["rm", "-rf", folder]))
        environment = {**os.environ, **({"PYTORCH_CUDA_ALLOC_CONF": settings} if settings else {})}
        call = [HEADROOM, "run", "--device", "virtual:h100-80gb", "--out", folder, "--format", "snapshot", "--quiet", "--",
                sys.executable, str(HERE / "snapshot_program.py"), f"{folder}/theirs", *wanted]
        done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=280, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        loaded = []
        for name in ("theirs", "snapshot_program.pickle"):
            with open(f"{folder}/{name}", "rb") as file:
                loaded.append(pickle.load(file))
        return loaded

    def assertSame(self, theirs, ours):
        self.assertGreater(len(events(theirs)), 100)
        self.assertEqual(events(ours), events(theirs))
        self.assertEqual(segments(ours), segments(theirs))

    def test_training(self):
        theirs, ours = self.both()
        self.assertSame(theirs, ours)
        self.assertEqual(viewer.segsum(ours), viewer.segsum(theirs))

    def test_streams_that_hold_blocks(self):
        self.assertSame(*self.both("streams"))

    def test_private_pools(self):
        self.assertSame(*self.both("pool"))

    def test_memory_that_runs_out(self):
        theirs, ours = self.both("out_of_memory")
        self.assertEqual([e[0] for e in events(theirs)].count("oom"), 1)
        self.assertSame(theirs, ours)

    def test_expandable_segments(self):
        theirs, ours = self.both("streams", settings="expandable_segments:True")
        self.assertIn("segment_map", {e[0] for e in events(theirs)})
        self.assertSame(theirs, ours)

    def test_every_view_is_drawn(self):
        _, ours = self.both()
        for view in (viewer.trace_plot, viewer.segment_plot, viewer.trace, viewer.segsum):
            self.assertTrue(view(ours), view.__name__)
        flames = viewer.memory(ours, format_flamegraph=lambda lines: lines)
        self.assertIn("category:0:parameter;", flames)
        self.assertEqual(sum(int(line.rsplit(" ", 1)[1]) for line in flames.splitlines()),
                         sum(s["total_size"] for s in ours["segments"]))


if __name__ == "__main__":
    unittest.main()
