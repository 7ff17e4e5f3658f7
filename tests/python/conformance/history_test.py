"""torch.cuda.memory._record_memory_history(): what it keeps, and that PyTorch's viewer shows it."""
import os
import pickle
import subprocess
import sys
import tempfile
import unittest

import torch
from torch.cuda import _memory_viz

from support import *


class History(ConformanceTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(torch.cuda.memory._record_memory_history, enabled=None)

    def record(self, **options):
        torch.cuda.memory._record_memory_history(**options)

    def entries(self, *actions):
        trace = torch.cuda.memory._snapshot()["device_traces"][0]
        return [entry for entry in trace if not actions or entry["action"] in actions]


@native_allocator
class Entries(History):
    def test_allocation_and_free_are_told_in_order_with_address_and_size(self):
        self.record(clear_history=True)
        tensor = block(30 * MIB)
        address = tensor.data_ptr()
        del tensor
        told = [(entry["action"], entry["addr"], entry["size"]) for entry in self.entries("alloc", "free_requested", "free_completed")]
        self.assertEqual(told, [(action, address, 30 * MIB) for action in ("alloc", "free_requested", "free_completed")])

    @classic_segments
    def test_segments_are_told_when_they_come_and_go(self):
        self.record(clear_history=True)
        tensor = block(30 * MIB)
        address = tensor.data_ptr()
        del tensor
        torch.cuda.empty_cache()
        told = [(entry["action"], entry["addr"], entry["size"]) for entry in self.entries("segment_alloc", "segment_free")]
        self.assertEqual(told, [("segment_alloc", address, 30 * MIB), ("segment_free", address, 30 * MIB)])

    def test_times_do_not_go_back(self):
        self.record(clear_history=True)
        for _ in range(50):
            block(MIB)
        times = [entry["time_us"] for entry in self.entries()]
        self.assertEqual(times, sorted(times))

    def test_an_out_of_memory_is_told_with_what_was_free(self):
        self.record(clear_history=True)
        free, total = torch.cuda.mem_get_info()
        with self.assertRaises(torch.OutOfMemoryError):
            block(total + GIB)
        (entry,) = self.entries("oom")
        self.assertEqual((entry["size"], entry["device_free"]), (rounded(total + GIB), free))

    def test_frames_name_the_python_function_that_allocated(self):
        self.record(context="all", stacks="python", clear_history=True)

        def allocates_here():
            return block(3 * MIB)

        kept = allocates_here()
        (entry,) = self.entries("alloc")
        self.assertIn("allocates_here", [frame["name"] for frame in entry["frames"]])
        self.assertTrue(any(frame["filename"].endswith("history_test.py") for frame in entry["frames"]))
        found = [part for segment in torch.cuda.memory._snapshot()["segments"] for part in segment["blocks"]
                 if part["address"] == kept.data_ptr()]
        self.assertIn("allocates_here", [frame["name"] for frame in found[0]["frames"]])

    def test_frames_name_the_operator_in_c_too(self):
        self.record(context="all", stacks="all", clear_history=True)
        x = torch.empty(MIB, device="cuda")
        x.exp()
        names = [frame["name"] for entry in self.entries("alloc") for frame in entry["frames"]]
        self.assertTrue(any("exp" in name for name in names), names[:20])

    def test_context_of_blocks_alone_leaves_the_trace_without_frames(self):
        self.record(context="state", stacks="python", clear_history=True)
        kept = block(3 * MIB)
        self.assertEqual([entry.get("frames", []) for entry in self.entries("alloc")], [[]])
        segments = torch.cuda.memory._snapshot()["segments"]
        self.assertTrue(any(part.get("frames") for segment in segments for part in segment["blocks"]))
        del kept

    def test_only_the_newest_entries_are_kept(self):
        self.record(max_entries=10, clear_history=True)
        for _ in range(30):
            block(MIB)
        self.assertEqual(len(self.entries()), 10)

    def test_nothing_is_kept_once_it_is_off(self):
        self.record(clear_history=True)
        torch.cuda.memory._record_memory_history(enabled=None)
        block(MIB)
        self.assertEqual(self.entries(), [])

    def test_the_trace_replayed_gives_the_memory_that_is_allocated(self):
        self.record(clear_history=True)
        kept = [block(size) for size in (1000, 3 * MIB, 50 * MIB)]
        for size in (10, 5 * MIB, 70 * MIB):
            block(size)
        del kept[1]
        alive = {}
        for entry in self.entries("alloc", "free_completed"):
            if entry["action"] == "alloc":
                alive[entry["addr"]] = entry["size"]
            else:
                self.assertEqual(alive.pop(entry["addr"]), entry["size"])
        self.assertEqual(sum(rounded(size) for size in alive.values()), torch.cuda.memory_allocated())

    def test_settings_are_part_of_the_snapshot(self):
        settings = torch.cuda.memory._snapshot()["allocator_settings"]
        self.assertEqual(settings["expandable_segments"], EXPANDABLE)
        self.assertIn("max_split_size", settings)


@native_allocator
class Viewer(History):
    """The pickle that a user takes home."""

    def setUp(self):
        super().setUp()
        self.record(context="all", stacks="python", clear_history=True)
        self.model = model = torch.nn.Sequential(*(torch.nn.Linear(256, 256) for _ in range(4))).cuda()
        for _ in range(2):
            model(torch.empty(64, 256, device="cuda")).sum().backward()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "snapshot.pickle")
        torch.cuda.memory._dump_snapshot(self.path)
        with open(self.path, "rb") as file:
            self.snapshot = pickle.load(file)

    def test_the_pickle_holds_what_the_process_saw(self):
        self.assertEqual(sum(segment["total_size"] for segment in self.snapshot["segments"]), torch.cuda.memory_reserved())
        self.assertEqual(sum(segment["allocated_size"] for segment in self.snapshot["segments"]), torch.cuda.memory_allocated())
        self.assertGreater(len(self.snapshot["device_traces"][0]), 20)

    def test_the_pages_of_the_viewer_embed_it(self):
        for plot in (_memory_viz.trace_plot, _memory_viz.segment_plot):
            page = plot(self.snapshot)
            self.assertIn("MemoryViz", page)
            self.assertGreater(len(page), os.path.getsize(self.path))

    def test_the_text_views_show_segments_and_trace(self):
        self.assertIn("segments", _memory_viz.segsum(self.snapshot))
        self.assertRegex(_memory_viz.trace(self.snapshot), r"alloc\(|= alloc|segment_alloc|segment_map")

    def test_the_command_line_of_the_viewer_reads_it(self):
        for command in ("stats", "trace"):
            done = subprocess.run([sys.executable, "-m", "torch.cuda._memory_viz", command, self.path], text=True, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(len(done.stdout), 100)

    def test_the_command_line_writes_pages(self):
        for command in ("trace_plot", "segment_plot"):
            page = f"{self.path}.{command}.html"
            done = subprocess.run([sys.executable, "-m", "torch.cuda._memory_viz", command, self.path, "-o", page], text=True,
                                  capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(os.path.getsize(page), 1000)


if __name__ == "__main__":
    unittest.main()
