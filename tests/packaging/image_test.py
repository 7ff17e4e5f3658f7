#!/usr/bin/env python3
"""The Dockerfile, as far as it can be checked without building it (scripts/check_image does): what it copies and calls is there, and every
stage is a known one."""
import fnmatch
import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LINES = re.sub(r"\\\n\s*", "", (SOURCE / "Dockerfile").read_text()).splitlines()
INSTRUCTIONS = [line.split(None, 1) for line in LINES if line and not line.startswith("#")]


class Image(unittest.TestCase):
    def test_instructions_are_known_and_begin_with_a_base(self):
        self.assertEqual(INSTRUCTIONS[0][0], "FROM")
        self.assertLessEqual({word for word, _ in INSTRUCTIONS}, {"FROM", "COPY", "WORKDIR", "ENV", "RUN", "ENTRYPOINT"})

    def test_every_stage_is_debian_12(self):
        self.assertEqual({rest.split()[0] for word, rest in INSTRUCTIONS if word == "FROM"}, {"debian:12-slim"})

    def test_the_script_that_builds_it_makes_its_base(self):
        script = (SOURCE / "scripts/check_image").read_text()
        self.assertIn("\nbase=docker.io/library/debian:12-slim\n", script)
        self.assertTrue(os.access(SOURCE / "scripts/check_image", os.X_OK))

    def test_what_is_copied_is_there(self):
        stages = {rest.split()[2] for word, rest in INSTRUCTIONS if word == "FROM" and " AS " in rest}
        for word, rest in INSTRUCTIONS:
            if word != "COPY":
                continue
            *sources, _ = rest.split()
            if sources[0].startswith("--from="):
                self.assertIn(sources[0].removeprefix("--from="), stages)
            else:
                for source in sources:
                    self.assertTrue((SOURCE / source).exists(), source)

    def test_scripts_that_are_run_are_there_and_not_left_out(self):
        ignored = (SOURCE / ".dockerignore").read_text().split()
        scripts = [name for word, rest in INSTRUCTIONS if word == "RUN" for name in re.findall(r"scripts/\w+", rest)]
        self.assertIn("scripts/setup", scripts)
        for script in scripts:
            self.assertTrue(os.access(SOURCE / script, os.X_OK), script)
            self.assertFalse(any(fnmatch.fnmatch(script, pattern) for pattern in ignored), script)

    def test_packages_that_are_installed_are_those_that_cpack_makes(self):
        run = " ".join(rest for word, rest in INSTRUCTIONS if word == "RUN")
        self.assertEqual(re.findall(r"/packages/([a-z-]+)_\*", run), ["headroom", "headroom-viewer"])
        self.assertIn("cmake --preset release", run)

    def test_packing_has_its_tools_from_setup(self):
        packages = re.search(r"^packages=\(([^)]*)\)", (SOURCE / "scripts/setup").read_text(), re.M).group(1).split()
        self.assertLessEqual({"dpkg-dev", "file"}, set(packages))


if __name__ == "__main__":
    unittest.main()
