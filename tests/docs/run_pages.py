#!/usr/bin/env python3
"""run_pages.py [OPTION…] PAGE…: runs every command that pages of the documentation show and compares its output with the page.

README.md beside this says what a page may hold. Exits with 0 when all is as shown, 1 when not, 77 when a page was left out.
"""
import argparse
import difflib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from output import merged
from page import PageError, parse
from shell import COLUMNS, Shell, ShellError

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 600
SKIPPED = 77
# What a command needs beyond the program and recordings, by how it is written.
NEEDS = {
    "torch": re.compile(r"\bheadroom (profile|compare|fit|run|check|sweep|reproduce|fragmentation|--version)\b"),
    "python": re.compile(r"\b(python3?|torchrun)\b"),
    "viewer": re.compile(r"\bheadroom(-viewer| view)\b"),
}
# What a program that the page shows as a file needs: a command runs it.
PROGRAM_NEEDS = {"torch": re.compile(r"^\s*(import|from) torch\b|\bheadroom\.profile\(")}
GPU = pathlib.Path("/dev/nvidiactl")  # where there is one, commands without --device take it, and pages show virtual ones
KEPT_VARIABLES = {"HEADROOM_WORKER", "HEADROOM_TORCH_DIR", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "ASAN_OPTIONS",
                  "UBSAN_OPTIONS", "TMPDIR"}


class Run:
    """One page being run in a folder of its own."""

    def __init__(self, page, folder, shell, options):
        self.page, self.folder, self.shell, self.options = page, folder, shell, options
        self.lines = list(page.lines)
        self.errors, self.skips = [], []
        self.commands = 0
        self._python = []

    def all(self):
        """Blocks are run in the page's order; their lines are put right from the end, so that numbers of lines hold."""
        changes = []
        for block in self.page.blocks:
            for line, command in block.setups:
                self.command(command, line, {0})
            if block.file is not None:
                changes += self.file(block)
            elif block.skip is not None:
                self.skips.append((block.line, block.skip))
            elif block.language == "console":
                changes += self.console(block)
            elif block.language == "sh":
                self.script(block)
            elif block.language == "python":
                self.python(block)
        for first, last, lines in reversed(changes):
            self.lines[first:last] = lines

    def error(self, line, message):
        self.errors.append(f"{self.page.name}:{line}: {message}")

    def command(self, text, line, codes, quiet=False):
        """Its output, as lines. An exit code that is none of `codes` is an error (None: any is right)."""
        self.commands += 1
        try:
            written, code = self.shell.run(text, SECONDS)
        except ShellError as error:
            raise PageError(self.page.name, line, f"`{text}`: {error}") from None
        if codes is not None and code not in codes:
            said = "" if quiet else ", having written:\n" + written
            self.error(line, f"`{text}` ended with {code}, not {' or '.join(map(str, codes))}{said}")
        return written.split("\n")

    def console(self, block):
        changes = []
        commands = block.commands()
        for command, following in zip(commands, [*commands[1:], None]):
            asked = {0}
            if following is not None and following.text.strip() == "echo $?":
                asked = None  # the page itself shows the code
            elif following is None and block.exit_code is not None:
                asked = {block.exit_code}
            output = merged(command.output, self.command(command.text, command.line, asked, quiet=True))
            if any(line.lstrip().startswith(block.fence) for line in output):
                raise PageError(self.page.name, block.line, "the output has a fence in it: use a longer one around it")
            changes.append((command.first, command.last, [(block.indent + line).rstrip() for line in output]))
        return changes

    def script(self, block):
        asked = {block.exit_code or 0}
        pending = ""
        for number, line in enumerate(block.body, block.first + 1):
            pending += line + "\n"
            if not pending.strip():
                pending = ""
            elif not line.endswith("\\") and is_complete(pending):
                self.command(pending.strip(), number, asked)
                pending = ""
        if pending.strip():
            self.error(block.line, f"no whole command: {pending.strip()}")

    def python(self, block):
        """A page's blocks are one program: each is run after those before it."""
        self._python += block.body
        script = self.folder.parent / "block.py"
        script.write_text("\n".join(self._python) + "\n")
        python = self.options.python or sys.executable
        self.command(f"{shlex.quote(str(python))} {script}", block.line, {block.exit_code or 0})

    def file(self, block):
        path = self.folder / block.file
        if block.file.startswith("examples/"):  # the page shows a file of the repository: it has to be that one
            lines = (ROOT / block.file).read_text().rstrip("\n").split("\n")
            return [(block.first, block.last, [(block.indent + line).rstrip() for line in lines])]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(block.body) + "\n")
        return []


def is_complete(script):
    return subprocess.run(["bash", "-n", "-c", script], stderr=subprocess.DEVNULL).returncode == 0


def environment(home, options):
    folders = [options.headroom.parent]
    if options.python is not None:
        folders.append(options.python.parent)
    kept = {name: value for name, value in os.environ.items() if name in KEPT_VARIABLES}
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    return kept | {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat",
                   "COLUMNS": str(COLUMNS), "PYTHONPATH": str(ROOT / "python"), "QT_QPA_PLATFORM": "offscreen"}


def missing(page, options):
    """The first thing that a command of the page needs and this build lacks."""
    for need in ["torch", *options.without] if GPU.exists() else options.without:
        for block in page.blocks:
            commands = [command for _, command in block.setups]
            if block.file is not None and need in PROGRAM_NEEDS and any(map(PROGRAM_NEEDS[need].search, block.body)):
                return need
            if block.runs and block.skip is None:
                commands += [c.text for c in block.commands()] if block.language == "console" else block.body
                if block.language == need:
                    return need
            if any(NEEDS[need].search(command) for command in commands):
                return need
    return None


def run_page(path, options):
    """0, 1 or SKIPPED, having said on stdout what there is to say."""
    name = os.path.relpath(path, ROOT) if path.resolve().is_relative_to(ROOT) else str(path)
    text = path.read_text()
    try:
        page = parse(name, text)
        if need := missing(page, options):
            print(f"{name}: left out, its commands need {need}" + (" and a machine without a GPU" if GPU.exists() else ""))
            return SKIPPED
        with tempfile.TemporaryDirectory(prefix="headroom-docs-") as scratch:
            folder, home = pathlib.Path(scratch, "page"), pathlib.Path(scratch, "home")
            home.mkdir()
            shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
            with Shell(folder, environment(home, options)) as shell:
                run = Run(page, folder, shell, options)
                run.all()
    except PageError as error:
        print(error)
        return 1
    return report(run, path, text, options)


def report(run, path, text, options):
    for line, reason in run.skips:
        print(f"{run.page.name}:{line}: skipped: {reason}")
    now = "\n".join(run.lines)
    if now != text and options.update:
        path.write_text(now)
        print(f"{run.page.name}: updated")
    elif now != text:
        print(*difflib.unified_diff(text.split("\n"), run.lines, f"{run.page.name} (shown)", f"{run.page.name} (written)",
                                    lineterm=""), sep="\n")
        run.errors.append(f"{run.page.name}: a command writes something else; where that is right: scripts/docs")
    print(*run.errors, f"{run.page.name}: commands run: {run.commands}, blocks skipped: {len(run.skips)}", sep="\n")
    return 1 if run.errors else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--headroom", required=True, type=lambda path: pathlib.Path(path).resolve(), help="the program")
    parser.add_argument("--python", type=lambda path: pathlib.Path(path).absolute(),
                        help="a Python with Torch, for what the pages run with python")
    parser.add_argument("--without", default=[], type=lambda names: names.split(","),
                        help="what this build lacks: torch, python, viewer; pages that need it are left out")
    parser.add_argument("--update", action="store_true", help="write into the pages what the commands write now")
    parser.add_argument("pages", nargs="+", type=pathlib.Path, metavar="PAGE")
    options = parser.parse_args()
    results = [run_page(path, options) for path in options.pages]
    return 1 if 1 in results else max(results)


if __name__ == "__main__":
    sys.exit(main())
