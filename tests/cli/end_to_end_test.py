#!/usr/bin/env python3
"""end_to_end_test.py HEADROOM SCHEMA_FOLDER [TEST…]: the whole tool with its real worker, as people use it."""
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
SCHEMAS = pathlib.Path(sys.argv[2])
MECHANISMS = ["mha", "sha", "mqa", "skv", "el-slice", "mhe-add", "mhe-mul"]
# Share of MHA's attention parameters that each saves in BERT-base, W^O tiled and biases included, to three digits: with
# n = 12 heads of d = 64, (4n²d² + 4nd − P) / (4n²d² + 4nd) for the mechanism's own count P.
ATTENTION_SAVINGS = {"mha": "0.000", "sha": "68.750", "mqa": "45.833", "skv": "25.000", "el-slice": "50.000",
                     "mhe-add": "68.652", "mhe-mul": "68.652"}
SMALL_MODEL = {"model_type": "gpt2", "vocab_size": 1000, "n_positions": 64, "n_embd": 64, "n_head": 4, "n_layer": 2}


def validator(name):
    schema = json.loads((SCHEMAS / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class EndToEnd(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.scratch = self.path / "scratch"
        self.scratch.mkdir()
        self.model = self.path / "config.json"
        self.model.write_text(json.dumps(SMALL_MODEL))
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("HEADROOM_")}
        self.environment["TMPDIR"] = str(self.scratch)
        self.addCleanup(self.folder.cleanup)

    def run_tool(self, *arguments, code=0):
        done = subprocess.run([HEADROOM, *map(str, arguments)], env=self.environment, capture_output=True, text=True,
                              timeout=600)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(list(self.scratch.iterdir()), [])
        return done

    def report_of(self, *arguments, code=0):
        done = self.run_tool(*arguments, "--format", "json", code=code)
        if code == 0:
            self.assertEqual(done.stderr, "")
        return self.checked(json.loads(done.stdout))

    def checked(self, report):
        errors = [f"{e.json_path}: {e.message[:200]}" for e in validator("report.schema.json").iter_errors(report)]
        self.assertEqual(errors, [])
        for run in report["runs"]:
            peak = run["peak"]["allocated_bytes"]
            self.assertEqual(sum(run["at_peak"]["categories"].values()), peak, run["label"])
            self.assertEqual(sum(layer["bytes"] for layer in run["at_peak"]["layers"]), peak, run["label"])
            for layer in run["at_peak"]["layers"]:
                self.assertEqual(sum(layer["categories"].values()), layer["bytes"], layer["path"])
        return report

    def main_job(self, *more):
        return ("compare", "bert-base", "--attention", ",".join(MECHANISMS), "--batch", "8", "--seq", "128", *more)

    def test_the_main_job_saves_what_the_closed_forms_say(self):
        report = self.report_of(*self.main_job("--device", "virtual:h100-80gb"))
        rows = {row["label"]: row for row in report["comparison"]["rows"]}
        self.assertEqual(list(rows), MECHANISMS)
        self.assertEqual({label: f"{row['attention_saving_percent']:.3f}" for label, row in rows.items()}, ATTENTION_SAVINGS)
        self.assertEqual(report["comparison"]["baseline"], "mha")
        for run in report["runs"]:
            self.assertEqual(run["outcome"]["kind"], "ok")
            self.assertEqual(run["environment"]["device_kind"], "virtual")
            self.assertGreater(run["peak"]["allocated_bytes"], run["parameters"]["bytes"])

    def test_two_runs_of_one_command_say_the_same(self):
        def without_times(value):
            if isinstance(value, dict):
                return {k: without_times(v) for k, v in value.items() if not k.endswith("_ns")}
            return [without_times(v) for v in value] if isinstance(value, list) else value

        arguments = ("compare", self.model, "--attention", "mha,mqa", "--seq", "32", "--device", "virtual:a100-40gb")
        first, second = (self.report_of(*arguments, "--jobs", jobs) for jobs in ("1", "2"))
        self.assertEqual(without_times(first), without_times(second))

    def test_files_of_a_run_repeat_its_report(self):
        out = self.path / "results"
        self.run_tool(*self.main_job("--device", "virtual:h100-80gb", "--out", out, "--format", "json,html"))
        self.assertEqual({p.name for p in out.iterdir()},
                         {"report.json", "report.html", *(f"{name}.headroom" for name in MECHANISMS)})
        again = self.run_tool("report", *(out / f"{name}.headroom" for name in MECHANISMS), "--format", "json").stdout
        self.assertEqual(again, (out / "report.json").read_text())
        self.checked(json.loads(again))

    def test_the_processor_really_runs_it(self):
        report = self.report_of("compare", self.model, "--attention", ",".join(MECHANISMS), "--batch", "2", "--seq", "16",
                                "--device", "cpu")
        for run in report["runs"]:
            self.assertEqual(run["outcome"]["kind"], "ok")
            self.assertEqual(run["environment"]["device_kind"], "cpu")

    def test_every_preset_trains_a_step_on_a_virtual_gpu_or_does_not_fit_it(self):
        for preset in json.loads(self.run_tool("list", "models", "--format", "json").stdout):
            with self.subTest(preset["name"]):
                # bf16: parameters, gradients and two moments; foreach holds as much again in its step.
                least, most = 8 * preset["parameters"], 12 * preset["parameters"]
                done = self.run_tool("profile", preset["name"], "--seq", "64", "--dtype", "bf16", "--device",
                                     "virtual:h100-80gb", "--format", "json", code=None)
                run = self.checked(json.loads(done.stdout))["runs"][0]
                ok = run["outcome"]["kind"] == "ok"
                self.assertEqual(done.returncode, 0 if ok else 3)
                self.assertTrue(ok or run["outcome"]["kind"] == "oom")
                if most < 79e9:
                    self.assertTrue(ok)
                if least > 85028896768:
                    self.assertFalse(ok)
                self.assertEqual(run["spec"]["model"], preset["name"])

    def test_out_of_memory_is_a_result(self):
        done = self.run_tool("profile", "llama-7b", "--seq", "2048", "--device", "virtual:rtx4090-24gb", "--format", "json",
                             code=3)
        self.assertIn("headroom: out of memory on NVIDIA GeForce RTX 4090: ", done.stderr)
        run = self.checked(json.loads(done.stdout))["runs"][0]
        self.assertEqual(run["outcome"]["kind"], "oom")
        self.assertGreater(run["outcome"]["failed_request_bytes"], run["outcome"]["free_bytes"])

    def test_a_sweep_and_its_shards_are_one_and_a_diff_says_what_grew(self):
        sweep, out = self.path / "sweep.toml", self.path / "out"
        sweep.write_text('[base]\nmodel = "config.json"\nbatch = 4\n[grid]\nsdpa = ["eager", "flash"]\nseq = [16, 32, 64]\n')
        self.run_tool("sweep", sweep, "--out", out, "--keep-recordings")
        document = json.loads((out / "results.json").read_text())
        self.assertEqual(list(validator("sweep.schema.json").iter_errors(document)), [])
        runs = document["runs"]
        self.assertEqual([run["outcome"] for run in runs], ["ok"] * 3 + ["refused"] * 3)  # flash needs fp16 or bf16
        self.assertEqual(len(document["scaling"]), 1)
        for shard in "12":
            self.run_tool("sweep", sweep, "--out", self.path / "parts", "--shard", shard + "/2")
        self.run_tool("merge", *(self.path / "parts" / f"shard-{shard}-of-2" for shard in "12"), "--out", self.path / "merged")
        for file in ("results.json", "results.csv", "results.md", "peak-seq.svg"):
            self.assertEqual((self.path / "merged" / file).read_bytes(), (out / file).read_bytes())
        first, last = (out / "runs" / (runs[i]["key"] + ".headroom") for i in (0, 2))
        self.run_tool("diff", first, first)
        diff = json.loads(self.run_tool("diff", first, last, "--format", "json", code=1).stdout)
        self.assertEqual(list(validator("diff.schema.json").iter_errors(diff)), [])
        self.assertEqual(diff["peak"]["allocated_bytes"]["after"], runs[2]["peak"]["allocated_bytes"])
        delta = diff["peak"]["allocated_bytes"]["delta"]
        self.assertEqual(sum(layer["self"]["delta"] for layer in diff["layers"]), delta)
        self.assertEqual(sum(tensor["bytes"]["delta"] for tensor in diff["tensors"]), delta)
        self.assertEqual([setting["name"] for setting in diff["settings"]], ["seq"])

    def test_the_largest_that_fits_is_run_and_so_is_the_next(self):
        self.environment["XDG_CACHE_HOME"] = str(self.path / "cache")
        question = ("--mode", "forward", "--seq", "64", "--device", "virtual:t4-16gb", "--reserve", "14GiB")
        fit = ("fit", self.model, "--solve", "batch", "--advice", "none", *question, "--format", "json")
        done = self.run_tool(*fit)
        document = json.loads(done.stdout)
        errors = [f"{e.json_path}: {e.message[:200]}" for e in validator("fit.schema.json").iter_errors(document)]
        self.assertEqual(errors, [])
        found = document["results"][0]
        for batch, code in ((found["value"], 0), (found["value"] + 1, 3)):
            run = self.report_of("profile", self.model, "--batch", batch, *question, code=code)["runs"][0]
            self.assertEqual(run["outcome"]["kind"], "oom" if code else "ok")
            if not code:
                self.assertEqual(run["peak"]["allocated_bytes"], found["peak"]["allocated_bytes"])
        again = self.run_tool(*fit)
        self.assertEqual(again.stdout, done.stdout)

    def test_what_the_worker_refuses_is_one_line(self):
        done = self.run_tool("profile", "bert-base", "--sdpa", "flash", "--device", "virtual:h100-80gb", code=2)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Aheadroom: .*flash.*bf16.*\n\Z")

    def test_a_budget_is_kept_broken_and_grown_from(self):
        example = SCHEMAS.parent.parent / "examples" / "budgets.toml"
        self.assertIn("all 6 budgets are kept", self.run_tool("check", example).stdout)
        budgets = self.path / "budgets.toml"
        budgets.write_text('[[budget]]\nmodel = "config.json"\nbatch = [1, 2]\nseq = 64\npeak = { growth = "1%" }\n')
        self.run_tool("check", budgets, "--update-baseline")
        files = {path: path.read_bytes() for path in (self.path / "budgets.baselines").iterdir()}
        self.assertEqual(len(files), 2)
        for content in files.values():
            self.assertEqual([e.message for e in validator("baseline.schema.json").iter_errors(json.loads(content))], [])
            baseline = json.loads(content)
            self.assertEqual(sum(sum(cells.values()) for cells in baseline["layers"].values()), baseline["figures"]["peak"])
            self.assertLess(len(content), 20 << 10)
        self.run_tool("check", budgets, "--update-baseline")
        self.assertEqual(files, {path: path.read_bytes() for path in files})
        self.run_tool("check", budgets)
        self.model.write_text(json.dumps({**SMALL_MODEL, "n_layer": 3}))
        document = json.loads(self.run_tool("check", budgets, "--format", "json", code=1).stdout)
        self.assertEqual([e.message for e in validator("check.schema.json").iter_errors(document)], [])
        for budget in document["budgets"]:
            self.assertEqual(sum(c["bytes"] - c["before_bytes"] for c in budget["changes"]),
                             budget["peak"]["bytes"] - budget["peak"]["before_bytes"])

    def test_a_budget_file_that_is_made_is_kept_until_the_model_grows(self):
        budgets = self.path / "budgets.toml"
        made = self.run_tool("check", "--init", budgets, self.model, "--batch", "2", "--seq", "64")
        self.assertIn("uses: OWNER/headroom@REF", made.stdout)
        text = budgets.read_text()
        for key in (f'model = "{self.model}"', "batch = 2", "peak = {", 'growth = "2%"', "reserved =", "parameters ="):
            self.assertIn(key, text)
        self.run_tool("check", budgets, "--strict")
        self.assertIn("is there already", self.run_tool("check", "--init", budgets, self.model, code=2).stderr)
        self.assertEqual(budgets.read_text(), text)
        self.model.write_text(json.dumps({**SMALL_MODEL, "n_layer": 3}))
        self.run_tool("check", budgets, code=1)
        generates = self.path / "generates.toml"
        self.run_tool("check", "--init", generates, self.model, "--mode", "generate", "--new-tokens", "4", "--seq", "8")
        self.assertIn("kv-per-token = ", generates.read_text())
        self.run_tool("check", generates, "--strict")

    def test_ctrl_c_stops_the_worker_and_leaves_nothing(self):
        arguments = [HEADROOM, "profile", "bert-large", "--batch", "8", "--seq", "512", "--device", "cpu"]
        tool = subprocess.Popen(arguments, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        workers = self.wait_for_children(tool.pid)
        tool.send_signal(signal.SIGINT)
        out, err = tool.communicate(timeout=60)
        self.assertEqual((tool.returncode, out, err), (-signal.SIGINT, b"", b""))
        self.assertEqual(list(self.scratch.iterdir()), [])
        for worker in workers:
            self.assertFalse(pathlib.Path(f"/proc/{worker}").exists())

    def test_a_worker_that_is_killed_in_any_phase_is_told_and_what_was_there_stays(self):
        out = self.path / "out"
        out.mkdir()
        (out / "bert-base.headroom").write_text("old")
        arguments = [HEADROOM, "profile", "bert-base", "--batch", "4", "--device", "cpu", "--progress", "lines", "--out", str(out)]
        for phase in ("starting", "backward"):
            tool = subprocess.Popen(arguments, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while f'"phase":"{phase}"' not in tool.stderr.readline():
                self.assertIsNone(tool.poll())
            for worker in self.wait_for_children(tool.pid):
                os.kill(int(worker), signal.SIGKILL)
            out_text, err = tool.communicate(timeout=60)
            self.assertEqual((tool.returncode, out_text), (3, ""), phase)
            self.assertIn("headroom: the worker was killed (SIGKILL)", err)
            self.assertEqual([(f.name, f.read_text()) for f in out.iterdir()], [("bert-base.headroom", "old")])
            self.assertEqual(list(self.scratch.iterdir()), [])

    def wait_for_children(self, parent):
        children = pathlib.Path(f"/proc/{parent}/task/{parent}/children")
        for _ in range(6000):
            if found := children.read_text().split():
                return found
            time.sleep(0.01)
        self.fail("no worker was started")

    def test_lists_obey_their_schema(self):
        for what in ("models", "attention", "devices", "formats"):
            entries = json.loads(self.run_tool("list", what, "--format", "json").stdout)
            self.assertEqual([e.message for e in validator("list.schema.json").iter_errors(entries)], [], what)

    def test_the_tool_links_nothing_heavy(self):
        """Linked with nothing heavy: what keeps its start within 50 ms."""
        listing = subprocess.run(["ldd", HEADROOM], capture_output=True, text=True, check=True).stdout
        libraries = {line.split()[0].split("/")[-1].split(".so")[0] for line in listing.splitlines()}
        self.assertLessEqual(libraries, {"linux-vdso", "ld-linux-x86-64", "libc", "libm", "libgcc_s", "libstdc++", "libtomlplusplus",
                                         "libfmt", "libzstd"})


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
