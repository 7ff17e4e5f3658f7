"""A page of the documentation as its fenced blocks and what is asked of each. README.md beside this has the convention.

Line numbers count from 1, as editors do; `first` and `last` are indexes into `Page.lines` (last is past the end).
"""
import dataclasses
import re

GAP = "…"
RUN = {"console", "sh", "python"}
OTHER_SHELLS = {"bash", "shell", "zsh", "shell-session"}
FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$")
INDENTED = re.compile(r"^ {4}\s*\S")
LIST_ITEM = re.compile(r"^([-*+]|\d+[.)])\s")
DIRECTIVE = re.compile(r"^\s*<!--\s*docs-test:\s*(\S*)\s*(.*?)\s*-->\s*$")


class PageError(Exception):
    """What is wrong with a page itself, and where."""

    def __init__(self, page, line, message):
        super().__init__(f"{page}:{line}: {message}")


@dataclasses.dataclass
class Command:
    """One command of a console block and the output that the page shows for it."""
    text: str
    line: int
    output: list
    first: int
    last: int


@dataclasses.dataclass
class Block:
    language: str
    file: str | None
    line: int
    indent: str
    fence: str
    first: int
    last: int
    body: list
    setups: list = dataclasses.field(default_factory=list)
    skip: str | None = None
    exit_code: int | None = None

    @property
    def runs(self):
        return self.language in RUN and self.file is None

    def commands(self):
        """The commands of a console block."""
        commands = []
        index = 0
        while index < len(self.body):
            begin = index
            text = self.body[index][2:]
            while text.endswith("\\") and index + 1 < len(self.body):
                index += 1
                text += "\n" + self.body[index]
            index += 1
            output = index
            while index < len(self.body) and not self.body[index].startswith("$ "):
                index += 1
            commands.append(Command(text, self.first + begin + 1, self.body[output:index], self.first + output,
                                    self.first + index))
        return commands


@dataclasses.dataclass
class Page:
    name: str
    lines: list
    blocks: list


def parse(name, text):
    """The page's blocks. Throws PageError at what the convention does not know."""
    lines = text.split("\n")
    blocks = []
    directives = []
    unindented = ""
    index = 0
    while index < len(lines):
        line = index + 1
        if directive := DIRECTIVE.match(lines[index]):
            directives.append((line, *directive.groups()))
        elif "docs-test:" in lines[index] and "<!--" in lines[index]:
            raise PageError(name, line, "a directive is a comment on one line: <!-- docs-test: WORD … -->")
        elif fence := FENCE.match(lines[index]):
            block = _block(name, lines, index, fence)
            _direct(name, block, directives)
            _check(name, block)
            blocks.append(block)
            directives = []
            index = block.last
        elif INDENTED.match(lines[index]) and not lines[index - 1].strip() and not LIST_ITEM.match(unindented):
            raise PageError(name, line, "an indented block does not say what it is: fence it, with ```sh, ```console, ```text")
        elif directives and lines[index].strip():
            raise PageError(name, directives[0][0], "a directive stands right before a fenced block")
        if lines[index][:1].strip():
            unindented = lines[index]
        index += 1
    if directives:
        raise PageError(name, directives[0][0], "a directive stands right before a fenced block")
    return Page(name, lines, blocks)


def _block(name, lines, opening, fence):
    indent, marks, info = fence.groups()
    closing = re.compile(rf"^\s*{marks[0]}{{{len(marks)},}}\s*$")
    last = opening + 1
    while last < len(lines) and not closing.match(lines[last]):
        last += 1
    if last == len(lines):
        raise PageError(name, opening + 1, "the fence is not closed")
    body = [line[len(indent):] if line.startswith(indent) else line.lstrip() for line in lines[opening + 1:last]]
    language, *attributes = info.split() or [""]
    file = None
    for attribute in attributes:
        key, _, value = attribute.partition("=")
        if key != "file" or not value:
            raise PageError(name, opening + 1, f"unknown attribute '{attribute}' of a block; known: file=NAME")
        file = value
    return Block(language, file, opening + 1, indent, marks, opening + 1, last, body)


def _direct(name, block, directives):
    for line, word, argument in directives:
        if word not in ("setup", "exit", "skip"):
            raise PageError(name, line, f"unknown directive '{word}'; known: setup COMMAND, exit CODE, skip REASON")
        if not argument:
            raise PageError(name, line, f"'{word}' says nothing; it takes "
                            + {"setup": "a command", "exit": "a code", "skip": "a reason"}[word])
        if word == "setup":
            block.setups.append((line, argument))
        elif not block.runs:
            raise PageError(name, line, f"'{word}' is for blocks that are run: console, sh, python")
        elif word == "skip":
            block.skip = argument
        elif not argument.isdigit():
            raise PageError(name, line, f"'{argument}' is no exit code")
        else:
            block.exit_code = int(argument)


def _check(name, block):
    if block.file is not None:
        path = block.file.split("/")
        if block.file.startswith("/") or ".." in path or block.language == "console":
            raise PageError(name, block.line, f"'{block.file}' is no file of the page's folder")
        return
    if block.language == "console":
        if not block.body or not block.body[0].startswith("$ "):
            raise PageError(name, block.line, "a console block begins with a command: $ COMMAND")
    elif block.language in OTHER_SHELLS:
        raise PageError(name, block.line, f"commands without output are in ```sh, not ```{block.language}")
    elif not block.language:
        if any(line.startswith("$ ") for line in block.body):
            raise PageError(name, block.line, "commands with their output are in ```console")
        if any(line.startswith(("headroom ", "headroom-viewer ")) for line in block.body):
            raise PageError(name, block.line, "commands without output are in ```sh; what is none is in ```text")
