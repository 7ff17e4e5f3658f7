#!/usr/bin/env python3
"""The parts of scripts/gpu-check that need neither a GPU nor a build."""
import itertools
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "scripts"))
from gpu_check import conformance, matrix, prepare, record, runs, tracing  # noqa: E402


class Matrix(unittest.TestCase):
    def test_every_pair_of_values_that_can_be_occurs(self):
        covered = set().union(*(matrix.pairs(run) for run in matrix.covering_runs()))
        for (one, ones), (other, others) in itertools.combinations(matrix.FACTORS.items(), 2):
            for a, b in itertools.product(ones, others):
                if (one, other, a, b) == ("dtype", "sdpa", "fp32", "flash"):
                    self.assertNotIn(frozenset({(one, a), (other, b)}), covered)
                else:
                    self.assertIn(frozenset({(one, a), (other, b)}), covered)

    def test_is_small_and_always_the_same(self):
        self.assertLess(len(matrix.covering_runs()), 60)
        self.assertEqual(matrix.covering_runs(), matrix.covering_runs())
        labels = [matrix.label(run) for run in matrix.covering_runs()]
        self.assertEqual(len(labels), len(set(labels)))


def event(**changes):
    return {"event": 7, "action": "alloc", "requested_bytes": 1000, "block_bytes": 1024, "layer": "block.0/attn",
            "operator": "aten::mm", "tensor": "[250] float32", "phase": "forward", "step": 1} | changes


def side(events=10):
    return {"events": events, "peak_allocated_bytes": 2048, "peak_requested_bytes": 2000, "peak_reserved_bytes": 2097152}


EQUAL = {"run": "a", "equal": True, "equal_events": 10, "left": side(), "right": side(), "first_difference": None,
         "first_segment_order": None, "first_placement": None, "explanation": ""}
DIFFERENT = EQUAL | {"run": "b", "equal": False, "equal_events": 7, "explanation": "Because.",
                     "first_difference": {"kind": "block_bytes", "left": event(), "right": event(block_bytes=1536)}}
REFUSED = {"run": "c", "equal": False, "refused_on_both": True, "left_words": "cannot", "right_words": "cannot"}


class Record(unittest.TestCase):
    def test_counts_what_ran(self):
        self.assertEqual(record.summary([EQUAL, DIFFERENT, REFUSED]),
                         "1 of 2 runs equal to the byte, event by event; 1 refused on both")

    def test_names_the_first_difference_with_operator_layer_and_phase(self):
        text = "\n".join(record.difference_lines(DIFFERENT, "cuda", "virtual"))
        for words in ("event 7 of 10", "block_bytes", "1,536 B", "aten::mm", "block.0/attn", "forward, step 1", "Because."):
            self.assertIn(words, text)

    def test_a_run_that_only_one_side_refuses_is_different(self):
        words = {"run": "d", "equal": False, "refused_on_both": False, "left_words": "", "right_words": "cannot"}
        self.assertEqual(record.verdict(words), "different")
        self.assertIn("virtual: cannot", "\n".join(record.difference_lines(words, "cuda", "virtual")))

    def test_is_one_page_with_every_run(self):
        page = record.markdown({"left": "cuda", "right": "virtual"}, [EQUAL, DIFFERENT, REFUSED], None)
        for words in ("| a | equal |", "| b | different |", "| c | refused on both |", "1 of 2 runs"):
            self.assertIn(words, page)


class Checker(unittest.TestCase):
    def test_a_worker_that_does_not_start_is_no_difference(self):
        with tempfile.TemporaryDirectory() as folder:
            worker = pathlib.Path(folder) / "bin" / "headroom-worker"
            worker.parent.mkdir()
            worker.write_text("#!/bin/sh\necho 'libcupti.so.13: cannot open' >&2\nexit 127\n")
            worker.chmod(0o755)
            side = runs.Side("cuda", pathlib.Path(folder))
            checker = runs.Checker(pathlib.Path(folder), side, side, True, SOURCE)
            with self.assertRaisesRegex(RuntimeError, "does not start for cuda: libcupti.so.13: cannot open"):
                checker.compare(matrix.quick_runs()[0])


def traced_run(**activity):
    place = {"layer": "block.0", "phase": "forward", "kernels": {"count": 30}}
    rows = [{"caller": "/opt/libc10_cuda.so", "kind": "device", "taken": {"bytes": 4096}},
            {"caller": "/opt/libc10_cuda.so", "kind": "device", "taken": {"bytes": 1000}},
            {"caller": "", "kind": "pinned", "taken": {"bytes": 7}}]
    return {"seconds": 2.0, "allocator": {"peak_reserved_bytes": 2097152}, "gpu_memory": None, "device_activity": {
        "level": "full", "executed": True, "problems": [], "lost": {"dropped_count": 0}, "driver_memory": rows,
        "total": {"kernels": {"count": 60, "timed_count": 60}},
        "places": [place, place | {"layer": "model", "kernels": {"count": 10}}, place | {"phase": "backward", "kernels": {"count": 20}}],
    } | activity}


class Tracing(unittest.TestCase):
    def answers(self, full, expandable=None):
        levels = {"none": traced_run(), "memory": traced_run(), "full": full}
        return dict(tracing.answers_of(levels, expandable or traced_run()))

    def test_counts_kernels_with_a_layer_and_with_a_time(self):
        answers = self.answers(traced_run())
        self.assertEqual(answers["Kernels of forward that have a layer"], "30 of 40 (75.0 %)")
        self.assertEqual(answers["Kernels of backward that have a layer"], "20 of 20 (100.0 %)")
        self.assertEqual(answers["Kernels that have a time"], "60 of 60 (100.0 %)")

    def test_adds_up_memory_by_caller(self):
        self.assertEqual(self.answers(traced_run())["Memory asked of the driver, by caller"],
                         "caller not told, pinned: 7 B; libc10_cuda.so, device: 5,096 B")

    def test_a_virtual_device_gives_no_times_and_that_is_said(self):
        self.assertIn("were not executed", self.answers(traced_run(executed=False))["Kernels that have a time"])

    def test_a_level_that_does_not_run_is_named_with_its_words(self):
        self.assertEqual(self.answers({"words": "no GPU"}), {"--trace full": "did not run: no GPU"})

    def test_a_run_that_could_not_be_traced_says_why(self):
        self.assertEqual(self.answers(traced_run(level="none", problems=["CUPTI off: held."])),
                         {"--trace full": "nothing was traced: CUPTI off: held."})

    def test_lost_records_are_told(self):
        self.assertEqual(self.answers(traced_run(lost={"dropped_count": 3, "damaged_count": 0}))
                         ["Records lost, damaged or left over"], "dropped_count 3")

    def test_expandable_segments_that_do_not_run_spoil_nothing(self):
        answers = self.answers(traced_run(), {"words": "refused"})
        self.assertEqual(answers["Memory asked of the driver with expandable segments"], "did not run: refused")

    def test_a_build_without_the_command_is_said(self):
        self.assertIn("no headroom", tracing.check(pathlib.Path("/nowhere/headroom"), "cuda", "m")["answers"][0][1])

    def test_is_part_of_the_record(self):
        trace = {"device": "cuda", "answers": [["Question", "answer"]], "unanswered": ["another"]}
        page = record.markdown({"left": "cuda", "right": "virtual"}, [EQUAL], None, trace)
        for words in ("What tracing tells on cuda", "- Question: answer", "- another"):
            self.assertIn(words, page)


class Conformance(unittest.TestCase):
    def test_tests_with_another_result_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "one_test.py").write_text(
                "import os, unittest\n"
                "class T(unittest.TestCase):\n"
                "  def test_same(self): pass\n"
                "  def test_other(self): self.assertEqual(os.environ.get('SIDE'), 'left')\n"
                "unittest.main()\n")
            left, right = runs.Side("cuda", pathlib.Path()), runs.Side("cuda", pathlib.Path())
            left.environment, right.environment = {"SIDE": "left"}, {"SIDE": "right"}
            found = conformance.compare(sys.executable, pathlib.Path(folder), left, right)
        self.assertEqual(len(found["same"]), 1)
        self.assertEqual([row[1:] for row in found["different"]], [["ok", "FAIL"]])


class Command(unittest.TestCase):
    def run_it(self, *arguments, path="/nowhere"):
        return subprocess.run([sys.executable, SOURCE / "scripts/gpu-check", *arguments], capture_output=True, text=True,
                              env={"PATH": path, "HOME": "/nowhere"})

    def with_torch(self, *arguments, path="/nowhere"):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "lib").mkdir()
            (pathlib.Path(folder) / "lib" / "libtorch_cpu.so").touch()
            return self.run_it("--torch", folder, *arguments, path=path)

    def test_without_a_driver_it_says_so(self):
        done = self.with_torch()
        self.assertEqual(done.returncode, 3)
        self.assertIn("no NVIDIA driver", done.stderr)

    def test_a_card_that_the_catalogue_lacks_is_refused_by_name(self):
        with tempfile.TemporaryDirectory() as folder:
            tool = pathlib.Path(folder) / "nvidia-smi"
            tool.write_text("#!/bin/sh\necho 'NVIDIA Titan Z, 580.1'\n")
            tool.chmod(0o755)
            done = self.with_torch(path=folder + ":/usr/bin:/bin")
        self.assertEqual(done.returncode, 2)
        self.assertIn("the catalogue has no NVIDIA Titan Z", done.stderr)
        self.assertIn("docs/devices.md", done.stderr)

    def test_an_unknown_virtual_device_is_refused(self):
        done = self.with_torch("--against", "virtual", "--device", "h100")
        self.assertEqual(done.returncode, 2)
        self.assertIn("the catalogue has no h100", done.stderr)

    def test_a_folder_without_torch_is_refused(self):
        done = self.run_it("--against", "virtual", "--torch", "/nowhere")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere has no lib/libtorch_cpu.so", done.stderr)

    def test_without_cmake_it_says_what_is_needed(self):
        done = self.with_torch("--against", "virtual")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no cmake on this machine", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_preparing_without_headers_says_what_to_run(self):
        done = self.run_it("--prepare", "--cuda-include", "/nowhere")
        self.assertEqual(done.returncode, 3)
        self.assertIn("scripts/setup", done.stderr)


class Prepare(unittest.TestCase):
    def test_options_name_each_package_of_the_kit(self):
        with tempfile.TemporaryDirectory() as folder:
            kit = pathlib.Path(folder)
            for name in ("usr/lib/cmake/fmt/fmt-config.cmake", "usr/share/cmake/nlohmann_json/nlohmann_jsonConfig.cmake",
                         "usr/lib/libzstd.a"):
                (kit / name).parent.mkdir(parents=True, exist_ok=True)
                (kit / name).touch()
            options = prepare.cmake_options(kit)
        self.assertIn(f"-Dfmt_DIR={kit}/usr/lib/cmake/fmt", options)
        self.assertIn(f"-Dnlohmann_json_DIR={kit}/usr/share/cmake/nlohmann_json", options)
        self.assertIn(f"-DHEADROOM_ZSTD_LIBRARY={kit}/usr/lib/libzstd.a", options)
        self.assertEqual(prepare.cmake_options(pathlib.Path("/nowhere")), [])


if __name__ == "__main__":
    unittest.main()
