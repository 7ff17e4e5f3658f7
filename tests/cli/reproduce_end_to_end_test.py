#!/usr/bin/env python3
"""reproduce_end_to_end_test.py HEADROOM SCHEMA_FOLDER: `headroom reproduce mhe` with its real worker."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema

HEADROOM = sys.argv[1]
SCHEMA = json.loads((pathlib.Path(sys.argv[2]) / "reproduction.schema.json").read_text())
# With n heads of d, d_m = n·d and W^O of n²·d²: weights of a sublayer, by hand.
WEIGHTS = {"sha": lambda n, d: 3 * n * d * d + (n * d) ** 2, "mha": lambda n, d: 4 * (n * d) ** 2}
SUBLAYERS = {"encoder-only": (12, 12), "decoder-only": (12, 12), "encoder-decoder": (18, 8)}  # number, heads
# Hugging Face's whole models (BertModel and GPT-2 of 512 positions), with biases.
GPT2 = {"mha": 124_046_592, "sha": 104_557_056}


class Reproduce(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.out = self.path / "out"
        self.text = self.path / "text.txt"
        self.text.write_text("".join(f"Line {i % 41} of a text that repeats itself, more or less.\n" for i in range(4000)))
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("HEADROOM_")}

    def command(self, *arguments):
        return [HEADROOM, "reproduce", "mhe", *map(str, arguments)]

    def run_tool(self, *arguments, code=0):
        done = subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def checked(self, text):
        document = json.loads(text)
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        errors = [f"{e.json_path}: {e.message[:200]}" for e in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)]
        self.assertEqual(errors, [])
        return document

    def training(self, *more, steps=3, seeds=1):
        return ("--only", "training", "--attention", "sha,mha", "--steps", steps, "--seeds", seeds, "--text", self.text, *more)

    def test_counts_and_savings(self):
        done = self.run_tool("--only", "parameters,memory", "--attention", "sha,mha", "--device", "virtual:h100-80gb",
                             "--format", "json")
        self.assertEqual(done.stderr, "")
        document = self.checked(done.stdout)
        self.assertEqual(document["device"]["kind"], "virtual")
        for point in document["figure"]:
            n = point["heads"]
            want = {"mha": 3 * n * n * 4096, "mhe-add": 3 * n * 4096 + 3 * n * 64, "mhe-mul": 3 * n * 4096 + 3 * n * 64,
                    "sha": 3 * n * 4096, "sha-compact": 3 * n * 4096, "mqa": (n * n + 2 * n) * 4096,
                    "skv": 2 * n * n * 4096, "el-slice": n * n * 4096}[point["mechanism"]]
            self.assertEqual(point["projection_parameters"], want, point)
            self.assertEqual(point["parameters_with_output"], want + (n if point["mechanism"] == "sha-compact" else n * n) * 4096)
        for set_up in document["set_ups"]:
            sublayers, heads = SUBLAYERS[set_up["name"]]
            self.assertEqual(set_up["attention_sublayers"], sublayers)
            sha, mha = set_up["parameters"]
            for row in (sha, mha):
                self.assertEqual(row["attention_weights"], sublayers * WEIGHTS[row["mechanism"]](heads, 64))
                if set_up["name"] == "decoder-only":
                    self.assertEqual(row["model_parameters"], GPT2[row["mechanism"]])
            self.assertAlmostEqual(sha["saving_against_mha"], 1 - sha["attention_weights"] / mha["attention_weights"])
            self.check_memory(set_up)

    def check_memory(self, set_up):
        sha, mha = (row["bytes"] for row in set_up["memory"])
        # Kept: queries, keys, values and heads (4 of B·T·d_m, one head's of sha, which tiles it), probabilities, and with
        # dropout their mask and product, of n heads or of one.
        tokens, heads, width = set_up["batch"] * set_up["seq"], set_up["heads"], set_up["heads"] * 64
        scores = tokens * set_up["seq"]
        self.assertEqual(mha["attention_kept"], 4 * 4 * tokens * width + (4 + 1 + 4) * heads * scores)
        for name, parameters in (("sha", sha), ("mha", mha)):
            self.assertEqual(parameters["gradients"], parameters["parameters"], name)
            self.assertGreaterEqual(parameters["optimizer_state"], 2 * parameters["parameters"], name)
            self.assertGreater(parameters["attention_peak"], parameters["attention_kept"], name)
            self.assertGreater(parameters["training_peak"],
                               parameters["parameters"] + parameters["optimizer_state"] + parameters["activations"], name)
            self.assertGreater(parameters["inference_peak"], parameters["parameters"], name)
        self.assertEqual(mha["cache_per_token"], {"encoder-only": 0, "decoder-only": 12 * 2 * 768 * 4,
                                                  "encoder-decoder": 12 * 2 * 512 * 4}[set_up["name"]])
        self.assertEqual(sha["cache_per_token"] * heads, mha["cache_per_token"])

    def test_trainings_are_files_that_a_second_run_takes(self):
        done = self.run_tool(*self.training("--out", self.out, seeds=2))
        document = self.checked((self.out / "reproduction.json").read_text())
        sha, mha = document["training"]["rows"]
        self.assertEqual((sha["mechanism"], sha["seeds"], mha["prr"]["mean"]), ("sha", [0, 1], 1))
        self.assertIsNone(sha["peop_tiled"])
        ppl = lambda row: row["perplexity_per_byte"]["mean"]
        self.assertTrue(1 < ppl(mha) < 300)
        self.assertIn("mha, seed 1: perplexity", done.stderr)
        for name in ("reproduction.md", "losses.svg"):
            self.assertTrue((self.out / name).exists(), name)
        # One training is lost, one is of another job: these two are done again, the others are not touched.
        files = sorted((self.out / "training").iterdir())
        before = {file.name: (file.stat().st_mtime_ns, json.loads(file.read_text())) for file in files}
        (self.out / "training" / "sha-seed-0.json").unlink()
        other = before["mha-seed-1.json"][1]
        other["training"]["batch"] += 1
        (self.out / "training" / "mha-seed-1.json").write_text(json.dumps(other))
        again = self.run_tool(*self.training("--out", self.out, seeds=2))
        self.assertIn("2 of 4 trainings are there already", again.stderr)
        for file in sorted((self.out / "training").iterdir()):
            time_ns, result = before[file.name]
            if file.name in ("sha-seed-1.json", "mha-seed-0.json"):
                self.assertEqual(file.stat().st_mtime_ns, time_ns, file.name)
            now = json.loads(file.read_text())
            self.assertEqual(now["held_out_loss"], result["held_out_loss"], file.name)  # the same seed, the same result
        self.assertEqual(ppl(self.checked((self.out / "reproduction.json").read_text())["training"]["rows"][0]), ppl(sha))

    def test_what_was_finished_survives_the_end_of_the_tool_and_of_a_worker(self):
        self.run_tool(*self.training("--out", self.out))
        kept = (self.out / "training" / "sha-seed-0.json").read_text()
        long = self.training("--out", self.out, steps=3, seeds=1)
        (self.out / "training" / "mha-seed-0.json").unlink()
        # A worker that is killed: the other training stands, and the exit code says that one is missing.
        tool = self.start_long(seeds=1)
        worker = self.worker_of(tool)
        os.kill(worker, signal.SIGKILL)
        out, err = tool.communicate(timeout=120)
        self.assertEqual(tool.returncode, 3, err)
        self.assertIn("failed: the worker was killed", err)
        # The tool is interrupted: no worker is left, no half-written file.
        tool = self.start_long(seeds=1)
        worker = self.worker_of(tool)
        tool.send_signal(signal.SIGINT)
        tool.communicate(timeout=120)
        self.assertEqual(tool.returncode, -signal.SIGINT)
        self.assertFalse(pathlib.Path(f"/proc/{worker}").exists())
        self.assertEqual((self.out / "training" / "sha-seed-0.json").read_text(), kept)
        self.assertEqual([f.name for f in (self.out / "training").iterdir()], ["sha-seed-0.json"])
        self.run_tool(*long)

    def start_long(self, seeds):
        arguments = ("--only", "training", "--attention", "mha", "--steps", 100000, "--seeds", seeds, "--text", self.text,
                     "--out", self.out)
        return subprocess.Popen(self.command(*arguments), env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def worker_of(self, tool):
        children = pathlib.Path(f"/proc/{tool.pid}/task/{tool.pid}/children")
        for _ in range(600):
            pids = children.read_text().split()
            if pids and "headroom-worker" in pathlib.Path(f"/proc/{pids[0]}/cmdline").read_text():
                return int(pids[0])
            time.sleep(0.05)
        self.fail("no worker started")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
