#!/usr/bin/env python3
"""module_test.py HEADROOM RECORDING...: the Python module `headroom` over the real program: recordings as tables, functions that
go to another process, and, where a worker is beside the program, a module that is profiled."""
import importlib.util
import inspect
import json
import os
import pathlib
import random
import sys
import tempfile
import unittest

PROGRAM, RECORDINGS = sys.argv[1], sys.argv[2:]
os.environ["HEADROOM_PROGRAM"] = PROGRAM
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "python"))
import headroom  # noqa: E402
from headroom.functions import describe  # noqa: E402

WORKER = pathlib.Path(os.environ.get("HEADROOM_WORKER", pathlib.Path(PROGRAM).with_name("headroom-worker")))
HIDDEN = 64
SHAPES = {"rows": 8}


def hidden_size():
    return HIDDEN


class Scale:
    def factor(self):
        return hidden_size() * 2


def make_module():
    from torch import nn
    return nn.Sequential(nn.Linear(hidden_size(), Scale().factor()), nn.ReLU(), nn.Linear(Scale().factor(), HIDDEN))


def uses_a_dictionary():
    return SHAPES["rows"]


class Reading(unittest.TestCase):
    def test_every_table_sums_to_the_peak(self):
        for path in RECORDINGS:
            run = headroom.read(path)
            with self.subTest(path):
                self.assertGreater(run.peak_bytes, 0)
                categories = run.categories(pandas=False)
                self.assertEqual(sum(row["bytes"] for row in categories), run.peak_bytes)
                layers = run.layers(pandas=False)
                self.assertEqual(sum(row["bytes"] for row in layers), run.peak_bytes)
                for row in categories:
                    self.assertEqual(sum(layer[row["category"]] for layer in layers), row["bytes"])
                self.assertEqual(sum(row["bytes"] for row in run.tensors(pandas=False)), run.peak_bytes)
                self.assertEqual(max(row["allocated_bytes"] for row in run.events(pandas=False)), run.peak_bytes)

    def test_a_notebook_shows_figures_and_a_picture_without_a_script(self):
        run = headroom.read(RECORDINGS[0])
        shown = run._repr_html_()
        self.assertIn(f"{run.peak_bytes:,}", shown)
        self.assertIn(run.truth, shown)
        self.assertIn("<svg", shown)
        self.assertNotIn("<script", shown)
        self.assertIn(run.label, repr(run))

    def test_the_page_goes_to_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            page = headroom.read(RECORDINGS[0]).to_html(pathlib.Path(folder) / "page.html")
            self.assertTrue(page.read_text().startswith("<!doctype html>"))

    def test_tables_are_data_frames_where_pandas_is(self):
        run = headroom.read(RECORDINGS[0])
        try:
            import pandas
        except ImportError:
            self.assertIsInstance(run.layers(), list)
            with self.assertRaisesRegex(headroom.HeadroomError, "pandas is not installed"):
                run.layers(pandas=True)
        else:
            self.assertIsInstance(run.layers(), pandas.DataFrame)

    def test_what_is_no_recording_is_refused_with_its_name(self):
        with self.assertRaisesRegex(headroom.HeadroomError, "nowhere.headroom does not exist"):
            headroom.read("nowhere.headroom")
        with self.assertRaisesRegex(headroom.HeadroomError, "module_test.py"):
            headroom.read(__file__)

    def test_a_program_that_is_missing_is_named(self):
        os.environ["HEADROOM_PROGRAM"] = "/nowhere/headroom"
        try:
            with self.assertRaisesRegex(headroom.HeadroomError, "/nowhere/headroom"):
                headroom.read(RECORDINGS[0])
        finally:
            os.environ["HEADROOM_PROGRAM"] = PROGRAM


class Interface(unittest.TestCase):
    def test_what_is_public_says_its_types_and_what_it_is_for(self):
        members = [(f"Recording.{name}", member) for name, member in vars(headroom.Recording).items() if not name.startswith("_")]
        for name, thing in [(name, getattr(headroom, name)) for name in headroom.__all__] + members:
            self.assertTrue(thing.__doc__, name)
            function = thing.fget if isinstance(thing, property) else thing
            if inspect.isfunction(function):
                signature = inspect.signature(function)
                self.assertIsNot(signature.return_annotation, signature.empty, name)
                for parameter in signature.parameters.values():
                    self.assertTrue(parameter.name == "self" or parameter.annotation is not parameter.empty, f"{name}({parameter})")
        self.assertTrue(pathlib.Path(headroom.__file__).with_name("py.typed").exists())


def sealed(recording):
    """With the checksum that fits, as a forger would have it: what lies behind it is reached."""
    digest = 0xcbf29ce484222325
    for byte in recording[:-8]:
        digest = (digest ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return recording[:-8] + digest.to_bytes(8, "little")


def damaged(whole, rng):
    content = bytearray(whole)
    for _ in range(rng.randint(1, 3)):
        at, length = rng.randrange(12, len(content) - 16), rng.randint(1, 16)
        change = rng.randrange(4)
        if change == 0:
            content[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            del content[at:at + length]
        elif change == 2:
            content[at:at] = content[at:at + length]
        else:
            content[at:at + length] = rng.choice([b"0", b"-1", b"9223372036854775807", b"\xff", b"\n", b'"', b"1e400"])
    return bytes(content)


class Hostile(unittest.TestCase):
    """Whatever the bytes: tables that sum to the peak, or a HeadroomError of one line that names the file."""

    def expect_read_or_refused(self, path, content):
        path.write_bytes(content)
        try:
            run = headroom.read(path)
            self.assertEqual(sum(row["bytes"] for row in run.categories(pandas=False)), run.peak_bytes)
        except headroom.HeadroomError as error:
            self.assertIn(path.name, str(error))
            self.assertNotIn("\n", str(error))
            self.assertLess(len(str(error)), 1000)

    def test_damaged_recordings_and_snapshots(self):
        snapshots = sorted((pathlib.Path(RECORDINGS[0]).parents[1] / "snapshots").glob("*.pickle"))
        with tempfile.TemporaryDirectory() as folder:
            for number in range(80):
                with self.subTest(number=number):
                    rng = random.Random(number)
                    if number % 2:
                        whole = rng.choice(snapshots).read_bytes()
                        self.expect_read_or_refused(pathlib.Path(folder) / "run.pickle", damaged(whole, rng))
                    else:
                        whole = pathlib.Path(rng.choice(RECORDINGS)).read_bytes()
                        self.expect_read_or_refused(pathlib.Path(folder) / "run.headroom", sealed(damaged(whole, rng)))

    def test_what_is_no_file_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("empty.headroom", b""), ("text.headroom", b"\xff\xfe\n\x1b[31m"), ("list.pickle", b"\x80\x04]q\x00.")):
                with self.subTest(name):
                    self.expect_read_or_refused(pathlib.Path(folder) / name, content)
            with self.assertRaises(headroom.HeadroomError):
                headroom.read(folder)


class Functions(unittest.TestCase):
    """How a function gets into another process."""

    def refused(self, function, message):
        with self.assertRaisesRegex(headroom.HeadroomError, message):
            describe(function, "make_module")

    def test_of_a_running_script_brings_what_it_uses(self):
        described = describe(make_module, "make_module")
        names = {"__name__": "elsewhere"}
        exec(described["source"], names)
        self.assertEqual(names["hidden_size"](), HIDDEN)
        self.assertEqual(names["Scale"]().factor(), 2 * HIDDEN)

    def test_of_a_module_is_imported_from_it(self):
        self.assertEqual(describe(json.dumps, "make_module"), {"import": "json", "name": "dumps"})
        self.assertEqual(describe("json:dumps", "make_module"), {"import": "json", "name": "dumps"})
        self.assertEqual(describe(f"{__file__}:make_module", "make_module")["file"], os.path.abspath(__file__))

    def test_that_cannot_be_sent_says_why(self):
        value = 3
        self.refused(lambda: None, "is a lambda")
        self.refused("make", "expected 'module:function'")
        self.refused("nowhere.py:make", "no file nowhere.py")
        self.refused(uses_a_dictionary, "uses SHAPES, a dict")
        self.refused(3, "must be a function")

        def inner():
            return value
        self.refused(inner, "uses value of the function it is in")


@unittest.skipUnless(WORKER.exists() and importlib.util.find_spec("torch"), "needs a build with Torch, and a Python with it")
class Profiling(unittest.TestCase):
    def test_a_module_is_profiled_on_a_virtual_gpu(self):
        run = headroom.profile(make_module, headroom.Shape(16, HIDDEN), device="virtual:a100-40gb")
        self.assertEqual((run.outcome, run.truth), ("ok", "virtual"))
        bytes_of = {row["category"]: row["last_step_requested_bytes"] for row in run.categories(pandas=False)}
        parameters = 4 * (HIDDEN * 2 * HIDDEN + 2 * HIDDEN + 2 * HIDDEN * HIDDEN + HIDDEN)
        self.assertEqual(bytes_of["parameter"], parameters)
        self.assertEqual(bytes_of["gradient"], parameters)
        self.assertGreaterEqual(bytes_of["optimizer_state"], 2 * parameters)
        self.assertEqual(sum(row["bytes"] for row in run.layers(pandas=False)), run.peak_bytes)

    def test_what_goes_wrong_in_the_other_process_is_said(self):
        with self.assertRaisesRegex(headroom.HeadroomError, "has no attribute 'nothing'|nothing"):
            headroom.profile("json:nothing", headroom.Shape(1))


unittest.main(argv=sys.argv[:1], verbosity=2)
