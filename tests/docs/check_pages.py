#!/usr/bin/env python3
"""check_pages.py HEADROOM [PAGE…]: holds the documentation to itself and to the program. Every relative link and anchor resolves,
every page is reached from README.md, and every command and flag of headroom that is named exists.

HEADROOM's folder may have headroom-viewer; where it has none, the viewer's flags are not known and not checked.
"""
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

from page import PageError, parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*(\S+)")
HTML_LINK = re.compile(r"<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=\"([^\"\s]+)\"")
HTML_ANCHOR = re.compile(r"\b(?:id|name)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")
CODE_SPAN = re.compile(r"(`+)(.+?)\1(?!`)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
DEFINED_FLAG = re.compile(r"^\s+(?:-\w,\s?)?(--[a-z][a-z0-9-]*(?:,--[a-z][a-z0-9-]*)*)", re.MULTILINE)
SHELL_WORDS = re.compile(r"\|\||\||&&|;|>|\s#")
FLAGS_OF_OTHERS = {"--component"}  # cmake --install


def page_lines(text):
    """(number of the line, line) of all that is in no fenced block."""
    page = parse("", text)
    inside = {number for block in page.blocks for number in range(block.line, block.last + 2)}
    return [(number, line) for number, line in enumerate(page.lines, 1) if number not in inside]


def anchors(text):
    """What links into the page may name after #, as GitHub makes it of headings."""
    names, seen = set(HTML_ANCHOR.findall(text)), {}
    for _, line in page_lines(text):
        if heading := HEADING.match(line):
            words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            count = seen.setdefault(name, 0)
            seen[name] += 1
            names.add(name if count == 0 else f"{name}-{count}")
    return names


def links(text):
    """(number of the line, target) of each link and picture. A link's text may go on over lines, its target does not."""
    lines = dict(page_lines(text))
    prose = "\n".join(CODE_SPAN.sub(lambda span: " " * len(span[0]), lines.get(number, ""))
                      for number in range(1, text.count("\n") + 2))
    found = [(prose.count("\n", 0, match.start(1)) + 1, match[1])
             for pattern in (LINK, HTML_LINK) for match in pattern.finditer(prose)]
    found += [(number, match[1]) for number, line in enumerate(prose.split("\n"), 1) if (match := REFERENCE.match(line))]
    return sorted(found)


def check_links(root, pages):
    """(errors, the pages that each page links to)"""
    errors, targets = [], {}
    for page, text in pages.items():
        targets[page] = set()
        for line, target in links(text):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            path, _, anchor = target.partition("#")
            file = pathlib.Path(os.path.normpath(root / page.parent / urllib.parse.unquote(path))) if path else root / page
            if not file.is_relative_to(root) or not file.exists():
                errors.append(f"{page}:{line}: there is no {target}")
                continue
            targets[page].add(file.relative_to(root))
            if anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
                errors.append(f"{page}:{line}: {file.relative_to(root)} has no heading #{anchor}")
    return errors, targets


def check_reached(start, targets):
    reached, waiting = {start}, [start]
    while waiting:
        for target in targets.get(waiting.pop(), ()):
            if target in targets and target not in reached:
                reached.add(target)
                waiting.append(target)
    return [f"{page}: no links lead here from {start}" for page in targets if page not in reached]


class Program:
    """The commands and flags that --help names."""

    def __init__(self, headroom):
        overview = self._help(headroom)
        commands = re.findall(r"^  (\w+)  ", overview.partition("Commands:")[2].partition("\n\n")[0], re.MULTILINE)
        self.flags = {command: self._flags(self._help(headroom, command)) for command in commands}
        self.flags[""] = self._flags(overview)
        viewer = headroom.parent / "headroom-viewer"
        self.viewer_flags = self._flags(self._help(viewer)) if viewer.exists() else None
        if self.viewer_flags is not None and "view" in self.flags:
            self.flags["view"] |= self.viewer_flags

    @staticmethod
    def _help(program, *command):
        return subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True,
                              env=os.environ | {"COLUMNS": "120", "QT_QPA_PLATFORM": "offscreen"}).stdout

    @staticmethod
    def _flags(text):
        return {flag for group in DEFINED_FLAG.findall(text) for flag in group.split(",")} | {"--help"}

    def wrong(self, text):
        """What the text, one or more shell commands or a part of one, names that does not exist."""
        for part in SHELL_WORDS.split(text):
            words = part.split(" -- ")[0].split()
            while words and re.fullmatch(r"\w+=\S*|\$|time", words[0]):
                words.pop(0)
            if not words:
                continue
            first = words[0].rpartition("/")[2]
            if first == "headroom":
                yield from self._wrong_of_headroom(words[1:])
            elif first in self.flags and FLAG.search(part):
                yield from self._wrong_of_headroom(words)
            elif first == "headroom-viewer" and self.viewer_flags is not None:
                yield from (f"headroom-viewer has no flag {flag}" for flag in FLAG.findall(" ".join(words))
                            if flag not in self.viewer_flags)

    def _wrong_of_headroom(self, words):
        command = words[0] if words else ""
        if command.startswith("-"):
            command = ""
        elif not re.fullmatch(r"[a-z]+", command):
            return  # a placeholder, as in `headroom COMMAND --help`
        if command not in self.flags:
            yield f"headroom has no command '{command}'"
            return
        for flag in FLAG.findall(" ".join(words)):
            if flag not in self.flags[command]:
                yield f"headroom {command} has no flag {flag}"

    def knows_flag(self, flag):
        return self.viewer_flags is None or flag in self.viewer_flags or any(flag in flags for flags in self.flags.values())


def commands_of(block):
    if block.file is not None or block.language not in ("console", "sh"):
        return []
    if block.language == "console":
        return [(command.line, command.text) for command in block.commands()]
    joined, number = [], block.first + 1
    for line in block.body:
        if joined and joined[-1][1].endswith("\\"):
            joined[-1] = (joined[-1][0], joined[-1][1] + "\n" + line)
        else:
            joined.append((number, line))
        number += 1
    return joined


def check_names(page, text, program, other_flags):
    """Of blocks, also of those that are not run, and of code within lines."""
    errors = []
    for block in parse(str(page), text).blocks:
        for line, command in commands_of(block):
            errors += [f"{page}:{line}: {wrong}" for wrong in program.wrong(command.replace("\\\n", " "))]
    for line, prose in page_lines(text):
        for _, code in CODE_SPAN.findall(prose):
            code = code.strip()
            errors += [f"{page}:{line}: {wrong}" for wrong in program.wrong(code)]
            flag = FLAG.match(code)
            if flag and not program.knows_flag(flag[0]) and flag[0] not in other_flags:
                errors.append(f"{page}:{line}: nothing has a flag {flag[0]}")
    return errors


def flags_of_scripts(root):
    """Flags that the repository's own scripts take, by their sources."""
    sources = [*(root / "scripts").iterdir(), *(root / "benchmarks").glob("*.py"), *(root / "tests").glob("*/*.py")]
    return FLAGS_OF_OTHERS | {flag for file in sources if file.is_file() for flag in FLAG.findall(file.read_text())}


def main(headroom, *names):
    paths = [pathlib.Path(name).resolve() for name in names] or [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    pages = {path.relative_to(ROOT): path.read_text() for path in paths}
    try:
        for page, text in pages.items():
            parse(str(page), text)
    except PageError as error:
        print(error)
        return 1
    program = Program(pathlib.Path(headroom).resolve())
    errors, targets = check_links(ROOT, pages)
    if not names:
        errors += check_reached(pathlib.Path("README.md"), targets)
    scripts = flags_of_scripts(ROOT)
    for page, text in pages.items():
        errors += check_names(page, text, program, scripts)
    print(*errors, f"pages: {len(pages)}, errors: {len(errors)}", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
