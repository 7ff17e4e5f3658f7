#!/usr/bin/env python3
"""The runner of the documentation's commands, on small pages."""
import contextlib
import io
import pathlib
import tempfile
import textwrap
import types
import unittest

import check_pages
import run_pages
from output import merged
from shell import rendered


class Pages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name, "page.md")
        self.options = types.SimpleNamespace(headroom=pathlib.Path(folder.name, "headroom"), python=None, without=[], update=False)

    def run_page(self, text):
        """(exit code, what was said)"""
        self.path.write_text(textwrap.dedent(text))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = run_pages.run_page(self.path, self.options)
        return code, said.getvalue()

    def fails(self, text, *reasons):
        code, said = self.run_page(text)
        self.assertEqual(code, 1, said)
        for reason in reasons:
            self.assertIn(reason, said)

    def passes(self, text):
        code, said = self.run_page(text)
        self.assertEqual(code, 0, said)
        return said

    def test_the_output_shown_is_the_output_written(self):
        self.passes("""
            ```console
            $ echo one; echo two >&2
            one
            two
            ```
            """)

    def test_a_wrong_output_fails_and_the_difference_has_the_line_of_the_page(self):
        self.fails("""\
            ```console
            $ echo one; echo two
            one
            three
            ```
            """, "@@ -1,6 +1,6 @@", "-three", "+two")

    def test_output_where_none_is_shown_fails(self):
        self.fails("```console\n$ echo one\n```\n", "+one")

    def test_output_that_does_not_come_fails(self):
        self.fails("```console\n$ true\none\n```\n", "-one")

    def test_an_ellipsis_stands_for_lines_and_for_text_in_a_line(self):
        self.passes("""
            ```console
            $ seq 5; echo took 17 ms
            1
            …
            4
            5
            …
            took … ms
            ```
            """)

    def test_what_follows_an_ellipsis_has_to_come(self):
        self.fails("```console\n$ seq 5\n1\n…\n6\n```\n", "-6")
        self.fails("```console\n$ echo took 17 ms\ntook … s\n```\n", "-took … s", "+took 17 ms")

    def test_a_command_that_fails_fails(self):
        self.fails("```console\n$ false\n```\n", ":2: `false` ended with 1, not 0")
        self.fails("```sh\ntrue\nfalse\n```\n", ":3: `false` ended with 1, not 0")

    def test_another_exit_code_is_right_where_it_is_asked_for(self):
        self.passes("<!-- docs-test: exit 3 -->\n```console\n$ (exit 3)\n```\n")
        self.fails("<!-- docs-test: exit 3 -->\n```console\n$ true\n```\n", "`true` ended with 0, not 3")
        self.fails("<!-- docs-test: exit 3 -->\n```console\n$ (exit 3)\n$ (exit 3)\n```\n", ":3: `(exit 3)` ended with 3, not 0")

    def test_the_page_may_show_the_exit_code_itself(self):
        self.passes("```console\n$ (exit 3)\n$ echo $?\n3\n```\n")
        self.fails("```console\n$ (exit 3)\n$ echo $?\n1\n```\n", "+3")

    def test_the_blocks_of_a_page_share_one_shell_and_one_folder(self):
        self.passes("""
            ```sh
            mkdir sub && cd sub
            for i in 1 2; do
              echo $i >> numbers
            done
            export NAME=\\
            value
            ```
            ```console
            $ cat numbers; echo $NAME
            1
            2
            value
            $ ls ../examples/sweep.toml
            ../examples/sweep.toml
            ```
            """)

    def test_a_command_goes_on_after_a_backslash(self):
        self.passes("```console\n$ echo one \\\n    two\none two\n```\n")

    def test_files_come_from_blocks_with_a_name(self):
        self.passes("```toml file=in/a.toml\nx = 1\n```\n```console\n$ cat in/a.toml\nx = 1\n```\n")
        self.fails("```toml file=../a.toml\nx = 1\n```\n", "is no file of the page's folder")

    def test_a_file_of_the_examples_is_shown_as_it_is(self):
        self.fails("```toml file=examples/sweep.toml\nx = 1\n```\n", "-x = 1", "+[base]")

    def test_python_blocks_are_one_program(self):
        self.passes("```python\nx = 1\n```\n```python\nassert x == 1\n```\n")
        self.fails("```python\nassert False\n```\n", "AssertionError")

    def test_a_setup_is_run_silently_before_its_block(self):
        self.passes("<!-- docs-test: setup echo loud > file -->\n```console\n$ cat file\nloud\n```\n")
        self.fails("<!-- docs-test: setup false -->\n```console\n$ true\n```\n", ":1: `false` ended with 1")

    def test_a_skip_needs_a_reason_and_is_counted(self):
        said = self.passes("<!-- docs-test: skip needs root -->\n```sh\nfalse\n```\n")
        self.assertIn(":2: skipped: needs root", said)
        self.assertIn("blocks skipped: 1", said)
        self.fails("<!-- docs-test: skip -->\n```sh\nfalse\n```\n", ":1: 'skip' says nothing")

    def test_what_the_convention_does_not_know_fails(self):
        self.fails("<!-- docs-test: sikp root -->\n```sh\ntrue\n```\n", ":1: unknown directive 'sikp'")
        self.fails("<!-- docs-test: exit one -->\n```sh\ntrue\n```\n", "'one' is no exit code")
        self.fails("<!-- docs-test: skip root -->\ntext\n", ":1: a directive stands right before a fenced block")
        self.fails("<!-- docs-test: skip root -->\n```toml\nx\n```\n", ":1: 'skip' is for blocks that are run")
        self.fails("```toml name=x\n```\n", "unknown attribute 'name=x'")

    def test_commands_in_blocks_that_are_not_run_fail(self):
        self.fails("```\n$ true\n```\n", ":1: commands with their output are in ```console")
        self.fails("```\nheadroom list models\n```\n", ":1: commands without output are in ```sh")
        self.fails("```bash\ntrue\n```\n", ":1: commands without output are in ```sh")
        self.fails("text\n\n    headroom list models\n", ":3: an indented block does not say what it is")
        self.passes("- item\n\n    its second paragraph\n")
        self.fails("```console\ntrue\n```\n", ":1: a console block begins with a command")

    def test_an_unclosed_fence_fails(self):
        self.fails("text\n\n```console\n$ true\n", ":3: the fence is not closed")

    def test_a_shell_that_ends_or_hangs_fails(self):
        self.fails("```console\n$ exit 1\n```\n", ":2: `exit 1`: it ended the shell")
        before, run_pages.SECONDS = run_pages.SECONDS, 0.2
        self.addCleanup(setattr, run_pages, "SECONDS", before)
        self.fails("```console\n$ echo begun; sleep 60\n```\n", "did not end within 0.2 seconds", "begun")

    def test_a_page_whose_needs_are_not_met_is_left_out(self):
        self.options.without = ["torch"]
        code, said = self.run_page("```console\n$ headroom profile gpt2\n```\n")
        self.assertEqual(code, run_pages.SKIPPED)
        self.assertIn("need torch", said)
        self.passes("<!-- docs-test: skip long -->\n```console\n$ headroom profile gpt2\n```\n")

    def test_a_program_shown_as_a_file_has_needs_too(self):
        self.options.without = ["torch"]
        for line in ("import torch", "    from torch import nn", "run = headroom.profile(make)"):
            code, said = self.run_page(f"```python file=a.py\n{line}\n```\n\n```console\n$ python a.py\n```\n")
            self.assertEqual(code, run_pages.SKIPPED, said)
        self.passes("```python file=a.py\nprint(1)\n```\n\n```sh\nls a.py\n```\n")

    def test_update_writes_what_is_written_now_and_keeps_what_still_matches(self):
        self.options.update = True
        self.passes("""\
            - In a list:

              ```console
              $ seq 5; echo took 17 ms
              1
              …
              3
              took … ms

              $ echo new
              ```
            """)
        expected = """\
            - In a list:

              ```console
              $ seq 5; echo took 17 ms
              1
              …
              3
              4
              5
              took … ms

              $ echo new
              new
              ```
            """
        self.assertEqual(self.path.read_text(), textwrap.dedent(expected))


class Names(unittest.TestCase):
    HELP = """Usage: headroom COMMAND

  --version                   Print the versions

Commands:
  profile                     Where every byte goes

"""
    HELP_OF_PROFILE = """Usage: headroom profile MODEL [FLAGS]

What is run:
  -b,--batch N                Sequences, with --unknown here alone
"""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("headroom", "headroom-viewer"):
            script = f"#!/bin/sh\nif [ $1 = profile ]; then echo '{self.HELP_OF_PROFILE}'; else echo '{self.HELP}'; fi\n"
            (self.root / name).write_text(script)
            (self.root / name).chmod(0o755)
        self.program = check_pages.Program(self.root / "headroom")

    def links(self, **pages):
        named = {pathlib.Path(f"{name}.md"): textwrap.dedent(text) for name, text in pages.items()}
        for page, text in named.items():
            (self.root / page).write_text(text)
        return check_pages.check_links(self.root, named)

    def names(self, text):
        return check_pages.check_names("a.md", textwrap.dedent(text), self.program, {"--script"})

    def test_links_and_anchors_resolve_or_are_told_with_their_lines(self):
        self.assertEqual(self.links(a="""\
            # What `fits`, and what not
            [here](#what-fits-and-what-not), [there](b.md#one-1), ![picture](no.png)
            <img src="none.svg"> [out](https://example.org) `[code](x.md)`
            [up](../c.md) [of two
            lines](gone.md)
            """, b="# One\n## One\n```\n# None\n[no](link.md)\n```\n[no](#none)\n")[0],
                         ["a.md:2: there is no no.png", "a.md:3: there is no none.svg", "a.md:4: there is no ../c.md",
                          "a.md:5: there is no gone.md", "b.md:7: b.md has no heading #none"])

    def test_a_page_that_nobody_links_to_is_told(self):
        _, targets = self.links(a="[b](b.md)", b="[c](c.md#x)\n", c="# x\n", d="[a](a.md)\n")
        self.assertEqual(check_pages.check_reached(pathlib.Path("a.md"), targets), ["d.md: no links lead here from a.md"])

    def test_commands_and_flags_that_are_named_exist(self):
        self.assertEqual(self.names("""\
            `headroom profile bert --batch 3`, `headroom COMMAND --help`, `--batch`, `--script`, `cmake --install`, `headroom --version`
            `headroom profle`, `headroom profile --bacth 3`, `--unknown`
            `profile --size 3`
            ```sh
            headroom profile bert --batch 3 -- python train.py --epochs 3   # --comment
            FOO=1 build/bin/headroom profile \\
                --sise 3 | grep --count x
            ```
            <!-- docs-test: skip needs a GPU -->
            ```console
            $ headroom fit
            ```
            """), [f"a.md:{text}" for text in (
                "6: headroom profile has no flag --sise", "11: headroom has no command 'fit'", "2: headroom has no command 'profle'",
                "2: headroom profile has no flag --bacth", "2: nothing has a flag --unknown", "3: headroom profile has no flag --size")])


class Parts(unittest.TestCase):
    def test_a_line_that_changed_does_not_vanish_in_an_ellipsis(self):
        self.assertEqual(merged(["a", "…", "b 1"], ["a", "x", "b 2"]), ["a", "…", "b 2"])
        self.assertEqual(merged(["a", "…", "b", "c"], ["a", "x", "b", "new", "c"]), ["a", "…", "b", "new", "c"])
        self.assertEqual(merged(["a", "gone", "c"], ["a", "c"]), ["a", "c"])

    def test_progress_that_was_cleared_and_colours_are_not_shown(self):
        self.assertEqual(rendered("1 of 2\r\x1b[K2 of 2\r\x1b[Kdone".encode()), "done")
        self.assertEqual(rendered("\x1b[1mbold\x1b[0m\nlong line\rLONG".encode()), "bold\nLONG line")


if __name__ == "__main__":
    unittest.main()
