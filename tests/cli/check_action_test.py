#!/usr/bin/env python3
"""check_action_test.py SOURCE_FOLDER HEADROOM FAKE_WORKER: action.yml and .pre-commit-hooks.yaml do what their platforms would have
them do: each step's shell with the step's environment, the hook's entry with its arguments."""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    print("skipped: needs yaml (Debian: python3-yaml)")
    sys.exit(77)

SOURCE, HEADROOM, WORKER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
ACTION = yaml.safe_load((SOURCE / "action.yml").read_text())
BUDGETS = '[[budget]]\nmodel = "bert-base"\nattention = "mha"\npeak = %s\n'  # which takes 12288


class Platform(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.here = pathlib.Path(self.folder.name)
        self.inputs = {}
        self.inputs = {name: self.value(value.get("default", "")) for name, value in ACTION["inputs"].items()}
        self.environment = {"PATH": f"{self.here}/bin:{os.environ['PATH']}", "HOME": str(self.here), "HEADROOM_WORKER": WORKER,
                            "ASAN_OPTIONS": "verify_asan_link_order=0", "GITHUB_ACTIONS": "true",
                            "GITHUB_ACTION_PATH": str(self.here / "action"), "GITHUB_REPOSITORY": "a/b",
                            "GITHUB_STEP_SUMMARY": str(self.here / "summary.md")}
        (self.here / "bin").mkdir()
        (self.here / "budgets.toml").write_text(BUDGETS % 20000)

    def program(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/bash\n" + text)
        path.chmod(0o755)

    def value(self, expression):
        def replaced(match):
            key = match[1].strip()
            return self.inputs.get(key.removeprefix("inputs."), "7" if key == "github.event.pull_request.number" else "token")
        return re.sub(r"\$\{\{(.*?)\}\}", replaced, str(expression))

    def step(self, name):
        step = next(step for step in ACTION["runs"]["steps"] if step["name"] == name)
        self.assertEqual(step["shell"], "bash")
        environment = {**self.environment, **{key: self.value(value) for key, value in step.get("env", {}).items()}}
        return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=self.here, env=environment,
                              capture_output=True, text=True)

    def check(self, **inputs):
        self.inputs.update({"headroom": str(HEADROOM), **inputs})
        return self.step("Check")

    def test_a_check_writes_results_and_summary(self):
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("::", done.stdout)
        self.assertEqual(sorted(p.name for p in (self.here / "headroom-check").iterdir()), ["check.json", "check.md", "check.sarif", "junit.xml"])
        self.assertIn("the budget is kept", (self.here / "summary.md").read_text())

    def test_a_failure_is_annotated_and_fails_the_step(self):
        (self.here / "budgets.toml").write_text(BUDGETS % 1)
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertIn("\n::error file=budgets.toml,line=4,title=bert-base%3A peak::peak is", done.stdout)

    def test_strict_is_passed_on(self):
        (self.here / "budgets.toml").write_text(BUDGETS % "{ warn = 1, fail = 99999 }")
        self.assertEqual(self.check().returncode, 0)
        self.assertEqual(self.check(strict="true").returncode, 1)

    def test_inputs_are_no_shell(self):
        self.check(file="$(touch hacked); `touch hacked`", formats="json'; touch hacked '")
        self.assertFalse((self.here / "hacked").exists())
        for step in ACTION["runs"]["steps"]:
            self.assertNotIn("${{", step["run"])

    def test_a_comment_takes_the_place_of_the_last_one(self):
        self.program(self.here / "bin" / "gh", 'echo "$GH_TOKEN $*" >>"$HOME/calls"; case "$*" in *--edit-last*) exit "${EDIT:-0}";; esac\n')
        self.assertEqual(self.step("Comment").returncode, 0)
        self.assertFalse((self.here / "calls").exists(), "there is nothing to say")
        self.check()
        self.assertEqual(self.step("Comment").returncode, 0)
        wanted = "token pr comment 7 --repo a/b --body-file headroom-check/check.md"
        self.assertEqual((self.here / "calls").read_text(), wanted + " --edit-last\n")
        self.environment["EDIT"] = "1"
        self.step("Comment")
        self.assertEqual((self.here / "calls").read_text().splitlines()[-1], wanted)

    def test_it_builds_from_its_own_source(self):
        self.program(self.here / "action/scripts/setup", 'echo set up\n')
        self.program(self.here / "action/scripts/environment.sh", 'build() { echo "build $*"; }\n')
        done = self.step("Build headroom")
        self.assertEqual(done.stdout, "set up\nbuild release headroom headroom-worker\n", done.stderr)
        self.assertIn("build()", (SOURCE / "scripts/environment.sh").read_text())

    def test_the_hook_is_the_check(self):
        hook, = yaml.safe_load((SOURCE / ".pre-commit-hooks.yaml").read_text())
        for path, runs in (("budgets.toml", True), ("a/budgets.toml", True), ("examples/gpt2/config.json", True),
                           ("budgets.baselines/gpt2.json", True), ("train.py", False)):
            self.assertEqual(bool(re.search(hook["files"], path)), runs, path)
        self.assertFalse(hook["pass_filenames"])
        (self.here / "bin/headroom").symlink_to(HEADROOM)
        command = shlex.split(hook["entry"]) + hook["args"]
        run = lambda: subprocess.run(command, cwd=self.here, env=self.environment, capture_output=True, text=True)
        self.assertEqual(run().returncode, 0)
        (self.here / "budgets.toml").write_text(BUDGETS % 1)
        self.assertEqual(run().returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
