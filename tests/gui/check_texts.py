#!/usr/bin/env python3
"""Every text that the viewer shows can be translated, and is: no literal of words in gui/ stands outside of tr(), each text
has a finished translation, and that has the placeholders, mnemonics and tags of its source."""
import ast
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|\'(?:\\.|[^\'\\])\'|R"(?P<tag>\w*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|#include[^\n]*'
                   r'|[A-Za-z_][\w:]*|[(){};]|[^\s]', re.DOTALL)
TRANSLATED = re.compile(r"(^|::)(tr|translate|QT_TR_NOOP|QT_TRANSLATE_NOOP)$")
# What is not for eyes, or not of the viewer: messages of the terminal and of files, which the command line writes in
# English, too, and what is parsed.
NOT_SHOWN = re.compile(r"(^|::)(format|print|bad_input|cannot_write|could_not_measure|Error|setStyleSheet|QRegularExpression|"
                       r"setObjectName|from_name|add_flag|add_option|runtime)$")
ENGLISH_FILES = {"command_line.cpp", "application.cpp", "session_file.cpp"}
SETTERS = re.compile(r"^(set(Text|ToolTip|WindowTitle|PlaceholderText|AccessibleName|AccessibleDescription|Title|StatusTip|"
                     r"WhatsThis)|addTab|addMenu|QLabel|QPushButton|QCheckBox|QToolButton|QGroupBox)$")
PROSE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
WORD = re.compile(r"[A-Za-z]{2,}")


def literals(text):
    """(joined literal, the calls that it is an argument of as (name, commas before it), outermost first, its line)"""
    calls, name, found, last_was_literal = [], "", [], False
    for match in TOKEN.finditer(text):
        token = match.group()
        if token.startswith(("//", "/*", "#include")):
            continue
        if token.startswith('"'):
            value = ast.literal_eval(token)
            line = text.count("\n", 0, match.start()) + 1
            if last_was_literal:
                found[-1] = (found[-1][0] + value, *found[-1][1:])
            else:
                found.append((value, tuple(calls), line))
            last_was_literal = True
            name = ""
            continue
        last_was_literal = False
        if token == "(":
            calls.append((name, 0))
        elif token == ")" and calls:
            calls.pop()
        elif token == "," and calls:
            calls[-1] = (calls[-1][0], calls[-1][1] + 1)
        elif token == ";":
            calls.clear()
        name = token if re.match(r"[A-Za-z_]", token) else ""
    return found


def looked_up(text):
    """Lines on which tr() takes what is no literal, in a file none of whose literals says that it is one; `text` and `what` are
    parameters of functions that are given such."""
    if "_NOOP(" in text:
        return []
    return [text.count("\n", 0, match.start()) + 1 for match in re.finditer(r"\btr\((?!const char|text\)|what\))[a-zA-Z_]", text)]


def decoded(value):
    """Python reads \\xNN of a C++ literal as a character, C++ as a byte of UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def is_shown(value, names, file):
    if file.name in ENGLISH_FILES or value.startswith(("/", "--")) or any(NOT_SHOWN.search(name) for name in names):
        return False
    plain = re.sub(r"<[^>]*>|%\d\w*|&\w+;", " ", value)
    if names and SETTERS.match(names[-1]) and WORD.search(plain):
        return True
    return bool(PROSE.search(plain)) and "{" not in value


def texts_of(root):
    translated, bare = {}, []
    for file in sorted(root.rglob("*")):
        if file.suffix not in (".cpp", ".h"):
            continue
        text = file.read_text(encoding="utf-8")
        bare += [f"{file.relative_to(root.parent)}:{line}: tr() of what QT_TR_NOOP does not name" for line in looked_up(text)]
        for value, calls, line in literals(text):
            value = decoded(value)
            inner = [call for call in calls if call[0] not in ("QStringLiteral", "QLatin1String", "")]
            if inner and TRANSLATED.search(inner[-1][0]):
                has_context = re.search(r"(translate|QT_TRANSLATE_NOOP)$", inner[-1][0])
                if not has_context or inner[-1][1] > 0:
                    translated[value] = f"{file.relative_to(root.parent)}:{line}"
            elif is_shown(value, [name for name, _ in inner], file):
                bare.append(f"{file.relative_to(root.parent)}:{line}: not within tr(): {value!r}")
    return translated, bare


def marks(text):
    without_entities = re.sub(r"&(?:\w+|#\d+);", "", text).replace("&&", "")
    return {
        "placeholders": sorted(set(re.findall(r"%(?:L?\d+|n)", text))),
        "mnemonic": without_entities.count("&"),
        "tags": sorted(re.findall(r"</?\w+", text)),
        "lines": text.count("\n"),
        "spaces around": (text[:1] == " ", text[-1:] == " "),
        "ellipsis": text.rstrip().endswith("…"),
    }


def problems_of(catalogue, texts):
    name, seen = catalogue.name, {}
    for message in ET.parse(catalogue).getroot().iter("message"):
        source, translation = message.find("source").text, message.find("translation")
        if source in seen:
            yield f"{name}: twice: {source!r}"
        seen[source] = True
        if translation.get("type") or not translation.text:
            yield f"{name}: not translated: {source!r}"
            continue
        before, after = marks(source), marks(translation.text)
        yield from (f"{name}: {kind} differ: {source!r} and {translation.text!r}" for kind in before
                    if before[kind] != after[kind])
    yield from (f"{name}: missing: {text!r} of {place} (scripts/translations adds it)" for text, place in texts.items()
                if text not in seen)
    yield from (f"{name}: of no source: {text!r} (scripts/translations takes it out)" for text in seen if text not in texts)


def main():
    root = pathlib.Path(sys.argv[1]) / "gui"
    texts, problems = texts_of(root)
    for catalogue in sorted((root / "translations").glob("*.ts")):
        problems += problems_of(catalogue, texts)
    for problem in problems:
        print(problem)
    print(f"{len(texts)} texts, {len(problems)} problems")
    return 1 if problems or len(texts) < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
