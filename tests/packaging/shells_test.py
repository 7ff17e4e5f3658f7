#!/usr/bin/env python3
"""Completions asked as a shell asks them, and manual pages read by those who print them.

    shells_test.py FOLDER_OF_SHELL_FILES [unittest arguments]
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SHARE = pathlib.Path(sys.argv.pop(1)).resolve()
PROGRAM = SHARE.name
BASH = SHARE / "bash-completion/completions" / PROGRAM


def bash(line, folder="."):
    """What bash offers after `line`."""
    script = f"""source '{BASH}'
spec=$(complete -p {PROGRAM}) && [[ $spec == *"-F _{PROGRAM} {PROGRAM}" ]] || exit 9
compopt() {{ :; }}
COMP_LINE=$1 COMP_POINT=${{#1}}
_{PROGRAM}
printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True, cwd=folder, check=True)
    if done.stderr:
        raise AssertionError(done.stderr)
    return done.stdout.split()


class Bash(unittest.TestCase):
    def test_commands_are_offered(self):
        self.assertLess({"profile", "compare", "report", "list"}, set(bash("headroom ")))
        self.assertEqual(bash("headroom prof"), ["profile"])

    def test_flags_of_the_command_are_offered(self):
        self.assertEqual(bash("headroom profile gpt2 --bat"), ["--batch"])
        self.assertIn("--version", bash("headroom --"))
        self.assertNotIn("--batch", bash("headroom report --"))

    def test_values_are_offered(self):
        self.assertEqual(bash("headroom profile gpt2 --mode "), ["train", "forward", "generate"])
        self.assertEqual(bash("headroom profile gpt2 --mode=f"), ["forward"])
        self.assertEqual(bash("headroom profile gpt2 --mode train --dtype amp-b"), ["amp-bf16"])
        self.assertEqual(bash("headroom profile gpt2 --batch "), [])

    def test_models_are_offered(self):
        self.assertIn("llama-7b", bash("headroom profile llama-"))

    def test_a_colon_is_a_break_between_words(self):
        self.assertIn("a100-80gb", bash("headroom profile gpt2 --device virtual:a100"))
        self.assertIn("virtual:a100-80gb", bash("headroom profile gpt2 --device vir"))

    def test_items_of_a_list_are_offered_once(self):
        self.assertIn("mha,mqa", bash("headroom compare gpt2 --attention mha,mq"))
        offered = bash("headroom compare gpt2 --attention mha,m")
        self.assertNotIn("mha,mha", offered)

    def test_recordings_and_programs_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a.headroom", "b.txt", "c.pickle"):
                pathlib.Path(folder, name).touch()
            os.mkdir(os.path.join(folder, "runs"))
            self.assertEqual(sorted(bash("headroom report ", folder)), ["a.headroom", "c.pickle", "runs"])
            self.assertEqual(bash("headroom profile gpt2 --out r", folder), ["runs"])
            self.assertIn("bash", bash("headroom run --device cpu -- bas"))


class Syntax(unittest.TestCase):
    def check(self, shell, file):
        if shutil.which(shell) is None:
            self.skipTest(f"{shell} is not installed")
        done = subprocess.run([shell, "-n", str(SHARE / file)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_zsh_reads_it(self):
        self.check("zsh", f"zsh/site-functions/_{PROGRAM}")

    def test_fish_reads_it(self):
        self.check("fish", f"fish/vendor_completions.d/{PROGRAM}.fish")


class Fish(unittest.TestCase):
    def test_values_and_lists_are_offered(self):
        if shutil.which("fish") is None:
            self.skipTest("fish is not installed")

        def fish(line):
            done = subprocess.run(["fish", "--no-config", "-c", f"source {SHARE}/fish/vendor_completions.d/headroom.fish; complete -C '{line}'"],
                                  capture_output=True, text=True, env={**os.environ, "HOME": tempfile.gettempdir()})
            return [row.split("\t")[0] for row in done.stdout.splitlines()]

        self.assertEqual(fish("headroom prof"), ["profile"])
        self.assertEqual(sorted(fish("headroom profile gpt2 --mode ")), ["forward", "generate", "train"])
        self.assertIn("mha,mqa", fish("headroom compare gpt2 --attention mha,"))


class Manual(unittest.TestCase):
    written = sorted((pathlib.Path(__file__).resolve().parents[2] / "packaging/man").glob("*.1"))  # by hand
    pages = sorted((SHARE / "man/man1").glob("*.1")) + written

    def test_groff_has_nothing_to_say(self):
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", *map(str, self.pages)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_mandoc_has_nothing_to_say(self):
        """But that the pages bear no date: the same sources give the same pages."""
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", *map(str, self.pages)], capture_output=True, text=True)
        self.assertEqual([line for line in done.stdout.splitlines() if "missing date" not in line], [])


class Pages(unittest.TestCase):
    pages = sorted((SHARE / "man/man1").glob("*.1"))

    def test_each_command_has_a_page_that_its_own_page_names(self):
        main = (SHARE / "man/man1/headroom.1").read_text()
        for page in self.pages:
            if page.name != "headroom.1":
                self.assertIn(page.stem.replace("-", "\\-") + "\\fR(1)", main)
        self.assertGreaterEqual(len(self.pages), 9)


class Viewer(unittest.TestCase):
    def test_its_files_and_flags_are_offered(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a.headroom", "b.txt"):
                pathlib.Path(folder, name).touch()
            self.assertIn("a.headroom", bash("headroom-viewer ", folder))
        self.assertEqual(bash("headroom-viewer --exp"), ["--export"])
        self.assertEqual(bash("headroom-viewer --theme "), ["system", "light", "dark"])


if __name__ == "__main__":
    unittest.main()
