#!/usr/bin/env python3
"""check_action_test.py SOURCE_FOLDER HEADROOM FAKE_WORKER: action.yml and .pre-commit-hooks.yaml do what their platforms would have
them do: each step's shell with the step's environment, the hook's entry with its arguments."""
import json
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
            self.assertNotIn("${{", step.get("run", ""))

    def comment(self, listed, fails=""):
        """What gh was called with, its standing in for a pull request that has these comments of ours."""
        self.program(self.here / "bin/gh", f"""all="$*"
echo "$GH_TOKEN $all" >>"$HOME/calls"
case "$all" in
  {fails or "nothing"}) exit 1 ;;
  *--paginate*) echo "{listed}" ;;
  *body=@*) body=${{all#*body=@}}; cp "${{body%% *}}" "$HOME/body" ;;
esac
""")
        (self.here / "calls").unlink(missing_ok=True)
        done = self.step("Comment")
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = self.here / "calls"
        return (calls.read_text().splitlines() if calls.exists() else []), done.stdout

    def test_a_comment_takes_the_place_of_the_last_one_of_its_own(self):
        self.assertEqual(self.comment(""), ([], ""), "there is nothing to say")
        self.check()
        (asked, posted), _ = self.comment("")
        self.assertRegex(asked, r"^token api --paginate repos/a/b/issues/7/comments --jq .*<!-- headroom check -->")
        self.assertRegex(posted, r"^token api --method POST repos/a/b/issues/7/comments --field body=@")
        body = (self.here / "body").read_text()
        self.assertEqual(body, "<!-- headroom check -->\n" + (self.here / "headroom-check/check.md").read_text())
        self.assertLess(len(body), 65536)
        (_, changed), _ = self.comment("11\n12")
        self.assertRegex(changed, r"^token api --method PATCH repos/a/b/issues/comments/12 --field body=@")

    def test_a_comment_that_may_not_be_written_is_a_warning(self):
        self.check()
        for fails in ("*--paginate*", "*POST*"):
            _, said = self.comment("", fails)
            self.assertRegex(said, r"^::warning title=headroom check::.*pull-requests: write")

    def test_what_was_compiled_is_kept_under_the_sum_of_the_source(self):
        self.program(self.here / "action/scripts/setup", "")
        self.environment["GITHUB_OUTPUT"] = str(self.here / "output")
        sums = []
        for text in ("a", "a", "b"):
            (self.here / "action/main.cpp").write_text(text)
            (self.here / "output").unlink(missing_ok=True)
            self.assertEqual(self.step("Name the source").returncode, 0)
            sums.append((self.here / "output").read_text())
        self.assertRegex(sums[0], r"^sum=[0-9a-f]{64}\n$")
        self.assertEqual(sums[0], sums[1])
        self.assertNotEqual(sums[0], sums[2])
        named = {step.get("id"): step["name"] for step in ACTION["runs"]["steps"]}
        cache = next(step for step in ACTION["runs"]["steps"] if "uses" in step)
        self.assertIn("steps.source.outputs.sum", cache["with"]["key"])
        self.assertIn("source", named)

    def test_the_action_is_what_its_platform_takes(self):
        """docs.github.com, "Metadata syntax": keys of an action, its inputs and its steps."""
        self.assertLessEqual(set(ACTION), {"name", "author", "description", "inputs", "outputs", "runs", "branding"})
        for name, value in ACTION["inputs"].items():
            self.assertLessEqual(set(value), {"description", "required", "default", "deprecationMessage"}, name)
            self.assertIsInstance(value["default"], str, name)
        for step in ACTION["runs"]["steps"]:
            self.assertEqual("run" in step, "shell" in step, step["name"])
            self.assertNotEqual("run" in step, "uses" in step, step["name"])
            self.assertLessEqual(set(step), {"name", "id", "if", "run", "shell", "uses", "with", "env", "working-directory", "continue-on-error"})
            for used in re.findall(r"inputs\.(\w+)", str(step)):
                self.assertIn(used, ACTION["inputs"])

    def test_annotations_and_summary_keep_to_the_limits(self):
        """Ten annotations of a kind for a step, 1 MiB of summary, 65,536 characters of a comment."""
        (self.here / "budgets.toml").write_text("".join(f'[[budget]]\nname = "b{i}"\n' + (BUDGETS % 1).split("\n", 1)[1] for i in range(40)))
        done = self.check()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(len(re.findall(r"^::(?:error|warning) ", done.stdout, re.M)), 10)
        for path in (self.here / "summary.md", self.here / "headroom-check/check.md"):
            self.assertLess(len(path.read_bytes()), 65000)

    def test_the_example_for_gitlab_leaves_the_reports_it_names(self):
        text = re.search(r"## GitLab.*?```yaml\n(.*?)```", (SOURCE / "docs/check.md").read_text(), re.S).group(1)
        job, = yaml.safe_load(text).values()
        self.assertEqual(job["artifacts"]["when"], "always", "a failed job has reports, too")
        (self.here / "bin/headroom").symlink_to(HEADROOM)
        (self.here / "budgets.toml").write_text(BUDGETS % 1)
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])], cwd=self.here, env=self.environment, capture_output=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        reports = job["artifacts"]["reports"]
        self.assertIn(b"<testsuite", (self.here / reports["junit"]).read_bytes())
        issues = json.loads((self.here / reports["codequality"]).read_text())
        self.assertEqual(len(issues), 1)
        for issue in issues:  # docs.gitlab.com, "Code Quality report format"
            self.assertEqual(set(issue), {"description", "check_name", "fingerprint", "severity", "location"})
            self.assertIn(issue["severity"], ("info", "minor", "major", "critical", "blocker"))
            self.assertEqual(issue["location"], {"path": "budgets.toml", "lines": {"begin": 4}})
        self.assertEqual(len({issue["fingerprint"] for issue in issues}), len(issues))

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
