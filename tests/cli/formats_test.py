#!/usr/bin/env python3
"""formats_test.py HEADROOM FAKE_WORKER SOURCE_FOLDER: what every command writes, in every format, is opened by a reader that is not
ours and says what the command's JSON document says; and the same input gives the same bytes wherever and however it is run.

Deeper than here, of made-up runs: tests/reports/read_tables.py (CSV), check_perfetto.py and check_snapshots.py (with Perfetto's own schema
and PyTorch's viewers), validate_checks.py (JUnit, SARIF, GitLab), browse_pages.py (HTML in a browser)."""
import csv
import html.parser
import io
import json
import os
import pathlib
import pickle
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zlib

try:
    import jsonschema
    import markdown
except ImportError as missing:
    print(f"skipped: needs {missing.name} (Debian: python3-jsonschema, python3-markdown)")
    sys.exit(77)

HEADROOM, WORKER, SOURCE = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
GOLDEN = SOURCE / "tests" / "golden"
SVG = "{http://www.w3.org/2000/svg}"
MODEL = {"model_type": "gpt2", "vocab_size": 1000, "n_positions": 1024, "n_embd": 64, "n_head": 4, "n_layer": 2}
BUDGETS = """[[budget]]
model = "config.json"
attention = ["mha", "mhe-add"]
device = "virtual:h100-80gb"
peak = { warn = "1KiB", fail = "1MiB", reason = "<&\\"> and | and `code`" }
reserved = "1KiB"
parameters = 100_000_000
"""
SWEEP = """[base]
model = "config.json"
device = "virtual:h100-80gb"
[grid]
attention = ["mha", "mqa"]
seq = { from = 16, to = 64, factor = 2 }
"""


def environment_of(home, **more):
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home), "HEADROOM_WORKER": str(WORKER),
            "HEADROOM_FAKE": "mha=trains-100000,mqa=trains-100000,mhe-add=trains-100000", "ASAN_OPTIONS": "verify_asan_link_order=0", **more}


# Each line is a command; those with --out write a folder of that name, the others stdout. FORMATS is every format of reports.
COMMANDS = {
    "compare": ["compare", "config.json", "--attention", "mha,mqa,mhe-add", "--device", "virtual:h100-80gb", "--seq", "64", "--format", "FORMATS", "--out", "compare"],
    "profile": ["profile", "config.json", "--attention", "mha", "--device", "virtual:h100-80gb", "--format", "FORMATS", "--out", "profile"],
    "report": ["report", "before-device-activity.headroom", "torch-2.11-plain.pickle", "--format", "FORMATS", "--out", "report"],
    "fit": ["fit", "config.json", "--solve", "batch", "--device", "virtual:h100-80gb,virtual:t4-16gb", "--out", "fit"],
    "sweep": ["sweep", "sweep.toml", "--out", "sweep"],
    "check": ["check", "budgets.toml", "--format", "terminal,json,junit,sarif,github,gitlab,markdown", "--out", "check"],
    "fragmentation": ["fragmentation", "compare/mha.headroom", "--format", "terminal,json", "--out", "fragmentation"],
    **{f"diff {form}": ["diff", "compare/mha.headroom", "compare/mhe-add.headroom", "--format", form] for form in ("terminal", "json", "markdown", "csv")},
    **{f"list {what}": ["list", what, "--format", "json"] for what in ("models", "attention", "devices", "formats")}}
EXIT_CODES = {"check": 1, **{f"diff {form}": 1 for form in ("terminal", "json", "markdown", "csv")}}


def run(command, folder, environment):
    words = [FORMATS if word == "FORMATS" else word for word in COMMANDS[command]]
    done = subprocess.run([HEADROOM, *words], cwd=folder, env=environment, capture_output=True, timeout=120)
    if done.returncode != EXIT_CODES.get(command, 0):
        raise AssertionError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


def prepare(folder):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(MODEL))
    (folder / "budgets.toml").write_text(BUDGETS)
    (folder / "sweep.toml").write_text(SWEEP)
    shutil.copy(GOLDEN / "recordings" / "before-device-activity.headroom", folder)
    shutil.copy(GOLDEN / "snapshots" / "torch-2.11-plain.pickle", folder)


def write_all(folder, environment):
    """Every file by its path, and what stdout said by the command."""
    prepare(folder)
    written = {command: run(command, folder, environment) for command in COMMANDS}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            written[str(path.relative_to(folder))] = path.read_bytes()
    return written


SCRATCH = tempfile.TemporaryDirectory()
HERE = pathlib.Path(SCRATCH.name)
FORMATS = ",".join(row["name"] for row in json.loads(subprocess.run([HEADROOM, "list", "formats", "--format", "json"], capture_output=True, check=True).stdout))
WRITTEN = write_all(HERE / "first", environment_of(HERE, LC_ALL="C", TZ="UTC"))


def text_of(name):
    return WRITTEN[name].decode("utf-8")


def json_of(name):
    return json.loads(WRITTEN[name])


def rows_of(name):
    return list(csv.DictReader(io.StringIO(text_of(name)), strict=True))


# How sizes are written, told a second time.
def size(amount):
    sign, amount, unit = "−" if amount < 0 else "", abs(amount), 0
    if amount < 1024:
        return f"{sign}{amount} B"
    while amount >= (1023.5 if unit else 1024):
        amount, unit = amount / 1024, unit + 1
    return f"{sign}{amount:.{2 if amount < 9.995 else 1 if amount < 99.95 else 0}f} {['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}"


def percent(value):
    text = f"{abs(value):.1f}"
    return ("−" if value < 0 and float(text) else "") + text + " %"


class Tables(html.parser.HTMLParser):
    """The tables of a page: rows of cells' texts, entities resolved."""
    def __init__(self, text):
        super().__init__()
        self.tables, self.cell, self.elements, self.text = [], None, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        self.text.append(data)
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(self.cell.strip())
            self.cell = None


def rendered(text):
    """As a renderer of Markdown has it, what GitHub folds included."""
    text = re.sub(r"</?(details|summary)>.*", "", text)
    return Tables(markdown.markdown(text, extensions=["tables", "fenced_code"]))


def markdown_tables(text):
    return rendered(text).tables


def latex_rows(text):
    """Rows of the first table, whose environments and groups close, each with as many cells as columns."""
    open_parts = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            open_parts.append(name)
        elif open_parts.pop() != name:
            raise AssertionError(f"{name} ends in another environment")
    assert not open_parts, f"{open_parts} do not end"
    bare = re.sub(r"\\[\\{}%&$#_]", "", re.sub(r"(?m)(?<!\\)%.*", "", text))
    assert bare.count("{") == bare.count("}"), "groups do not close"
    body = text[text.index(r"\begin{tabular}"):text.index(r"\end{tabular}")]
    columns = re.search(r"\{@\{\}([lr]+)@\{\}\}", body).group(1)
    rows = [re.split(r"(?<!\\)&", line.removesuffix(r" \\")) for line in body.splitlines() if line.endswith(r" \\")]
    assert all(len(row) == len(columns) for row in rows), "a row has another number of cells"
    return [[cell.strip() for cell in row] for row in rows[1:]]


class Png:
    def __init__(self, data):
        assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
        at, pixels, kinds = 8, b"", []
        while at < len(data):
            length, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8:at + 8 + length]
            assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body), f"{kind} is damaged"
            if kind == b"IHDR":
                self.width, self.height, depth, color, *_ = struct.unpack(">IIBBBBB", body)
            pixels += body if kind == b"IDAT" else b""
            kinds.append(kind)
            at += 12 + length
        assert kinds[0] == b"IHDR" and kinds[-1] == b"IEND" and depth == 8
        self.pixels = zlib.decompress(pixels)
        assert len(self.pixels) == self.height * (1 + self.width * {0: 1, 2: 3, 4: 2, 6: 4}[color]), "pixels are missing"


def packets_of(trace):
    """Field numbers and bodies of a protobuf message, to its last byte."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte, at = trace[at], at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(trace):
        key = number()
        if key & 7 == 2:
            length = number()
            yield key >> 3, trace[at:at + length]
            at += length
        elif key & 7 == 0:
            yield key >> 3, number()
        else:
            at += {1: 8, 5: 4}[key & 7]
            yield key >> 3, None
    assert at == len(trace), "the trace is cut off"


class Plain(pickle.Unpickler):
    def find_class(self, module, name):
        raise AssertionError(f"the snapshot asks for {module}.{name}")


class OfReports(unittest.TestCase):
    """compare, profile and report: eleven formats of one report."""
    def each(self):
        return [(command, json_of(f"{command}/report.json")) for command in ("compare", "profile", "report")]

    def savings(self, document):
        rows = document.get("comparison", {}).get("rows", []) if document.get("comparison") else []
        return {row["label"]: row["peak_saving_percent"] for row in rows if row["label"] != document["comparison"]["baseline"]}

    def test_every_format_has_a_reader_here(self):
        read = {name.removeprefix("test_") for name in dir(self) if name.startswith("test_")}
        self.assertLessEqual(set(FORMATS.split(",")), read)

    def test_json(self):
        schema = jsonschema.Draft202012Validator(json.loads((SOURCE / "reports/schema/report.schema.json").read_text()))
        for _, document in self.each():
            self.assertEqual([error.message for error in schema.iter_errors(document)], [])
            for run_ in document["runs"]:
                self.assertEqual(sum(run_["at_peak"]["categories"].values()), run_["peak"]["allocated_bytes"])

    def test_terminal(self):
        for command, document in self.each():
            text = text_of(command)
            for run_ in document["runs"]:
                self.assertIn(size(run_["peak"]["allocated_bytes"]), text)
            for saved in self.savings(document).values():
                self.assertIn(percent(saved), text)

    def test_csv(self):
        for command, document in self.each():
            rows, layers = rows_of(f"{command}/runs.csv"), rows_of(f"{command}/layers.csv")
            self.assertEqual([(row["run"], int(row["peak_allocated_bytes"])) for row in rows],
                             [(run_["label"], run_["peak"]["allocated_bytes"]) for run_ in document["runs"]])
            for run_ in document["runs"]:
                self.assertEqual(sum(int(row["bytes"]) for row in layers if row["run"] == run_["label"]), run_["peak"]["allocated_bytes"])

    def test_markdown(self):
        for command, document in self.each():
            tables = markdown_tables(text_of(f"{command}/report.md"))
            self.assertTrue(all(len(row) == len(table[0]) for table in tables for row in table))
            savings = self.savings(document)
            if len(document["runs"]) == 1:
                facts = dict(row[:2] for table in tables for row in table)
                peak = document["runs"][0]["peak"]["allocated_bytes"]
                self.assertEqual(facts["Peak allocated"], f"{size(peak)} ({peak:,})")
                continue
            head, *rows = tables[0]
            for row, run_ in zip(rows, document["runs"], strict=True):
                named = dict(zip(head, row))
                self.assertEqual(row[0].removesuffix(" (baseline)"), run_["label"])
                self.assertEqual(named["peak"], size(run_["peak"]["allocated_bytes"]))
                if run_["label"] in savings and "peak saved" in named:
                    self.assertEqual(named["peak saved"], percent(savings[run_["label"]]))

    def test_latex(self):
        for command, document in self.each():
            for name in [name for name in WRITTEN if name.startswith(f"{command}/") and name.endswith(".tex")]:
                rows = latex_rows(text_of(name))
                if name.endswith("comparison.tex"):
                    self.assertEqual([row[0].removesuffix(" (baseline)") for row in rows], [run_["label"] for run_ in document["runs"]])
                    for row in rows:
                        label = row[0].removesuffix(" (baseline)")
                        if label in self.savings(document):
                            self.assertIn(percent(self.savings(document)[label]).removesuffix(" %"), [cell.replace("$-$", "−") for cell in row])

    def pictures(self, command, ending):
        return sorted(name for name in WRITTEN if name.startswith(f"{command}/") and name.endswith(ending))

    def test_svg(self):
        for command, document in self.each():
            texts = []
            for name in self.pictures(command, ".svg"):
                root = xml.etree.ElementTree.fromstring(WRITTEN[name])
                self.assertTrue(root.find(f"{SVG}title").text)
                texts += ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
            for run_ in document["runs"]:
                self.assertTrue(any(size(run_["peak"]["allocated_bytes"]) in text for text in texts), run_["label"])

    @unittest.skipUnless(shutil.which("pdftotext"), "needs pdftotext (Debian: poppler-utils)")
    def test_pdf(self):
        for command, document in self.each():
            self.assertEqual([name[:-4] for name in self.pictures(command, ".pdf")], [name[:-4] for name in self.pictures(command, ".svg")])
            for name in self.pictures(command, ".pdf"):
                done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=WRITTEN[name], capture_output=True, check=True)
                self.assertEqual(done.stderr, b"")
                found = re.sub(r"\s", "", done.stdout.decode())
                drawn = xml.etree.ElementTree.fromstring(WRITTEN[name[:-4] + ".svg"])
                for element in drawn.iter(f"{SVG}text"):
                    self.assertIn(re.sub(r"\s", "", "".join(element.itertext())), found, name)

    def test_png(self):
        for command, _ in self.each():
            names = self.pictures(command, ".png")
            self.assertEqual([name[:-4] for name in names], [name[:-4] for name in self.pictures(command, ".svg")])
            for name in names:
                picture, drawn = Png(WRITTEN[name]), xml.etree.ElementTree.fromstring(WRITTEN[name[:-4] + ".svg"])
                width, height = (float(number) for number in drawn.get("viewBox").split()[2:])
                self.assertAlmostEqual(picture.width / picture.height, width / height, delta=0.01)
                self.assertGreater(len(set(picture.pixels)), 8, f"{name} is blank")

    def test_html(self):
        for command, document in self.each():
            page = text_of(f"{command}/report.html")
            self.assertLess(len(page), 5 << 20)
            elements = Tables(page).elements
            for tag, attributes in elements:
                self.assertNotIn("src", attributes)
                self.assertTrue(attributes.get("href", "#").startswith(("#", "data:")), attributes)
            held = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))
            self.assertEqual([(run_["label"], run_["peak"]["allocated"]) for run_ in held["runs"]],
                             [(run_["label"], run_["peak"]["allocated_bytes"]) for run_ in document["runs"]])

    def test_perfetto(self):
        for command, document in self.each():
            trace = WRITTEN[f"{command}/report.perfetto-trace"]
            packets = list(packets_of(trace))
            self.assertEqual({number for number, _ in packets}, {1})
            for _, packet in packets:
                list(packets_of(packet))
            for run_ in document["runs"]:
                self.assertIn(run_["label"].encode(), trace)

    def test_snapshot(self):
        for command, document in self.each():
            for run_ in document["runs"]:
                snapshot = Plain(io.BytesIO(WRITTEN[f"{command}/{run_['label']}.pickle"])).load()
                now, most = 0, 0
                for entry in snapshot["device_traces"][0]:
                    now += {"alloc": entry["size"], "free_requested": -entry["size"]}.get(entry["action"], 0)
                    most = max(most, now)
                self.assertGreaterEqual(most, run_["peak"]["requested_bytes"])
                self.assertLessEqual(most, run_["peak"]["allocated_bytes"])
                self.assertTrue(all(sum(block["size"] for block in segment["blocks"]) == segment["total_size"] for segment in snapshot["segments"]))


class OfOtherCommands(unittest.TestCase):
    def valid(self, name, schema):
        document = json_of(name)
        validator = jsonschema.Draft202012Validator(json.loads((SOURCE / f"reports/schema/{schema}.schema.json").read_text()))
        self.assertEqual([f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)], [])
        return document

    def test_diff(self):
        document = self.valid("diff json", "diff")
        before, after = document["peak"]["allocated_bytes"]["before"], document["peak"]["allocated_bytes"]["after"]
        rows = rows_of("diff csv")
        self.assertEqual((sum(int(row["before_bytes"]) for row in rows), sum(int(row["after_bytes"]) for row in rows)), (before, after))
        grown = "+" + percent(100 * (after - before) / before)
        for form in ("terminal", "markdown"):
            for figure in (size(before), size(after), grown):
                self.assertIn(figure, text_of(f"diff {form}"))
        tables = markdown_tables(text_of("diff markdown"))
        self.assertTrue(tables and all(len(row) == len(table[0]) for table in tables for row in table))

    def test_fit(self):
        document = self.valid("fit/fit.json", "fit")
        values = [str(result["value"]) for result in document["results"]]
        self.assertEqual([row["value"] for row in rows_of("fit/fit.csv")], values)
        head, *rows = markdown_tables(text_of("fit/fit.md"))[0]
        self.assertEqual([row[0] for row in rows], [result["device"] for result in document["results"]])
        for row, value in zip(rows, values, strict=True):
            self.assertIn(f"{int(value):,}", row)
            self.assertIn(f"{int(value):,}", text_of("fit"))

    def test_sweep(self):
        document = self.valid("sweep/results.json", "sweep")
        peaks = [row["peak"]["allocated_bytes"] for row in document["runs"]]
        self.assertEqual([int(row["peak_allocated_bytes"]) for row in rows_of("sweep/results.csv")], peaks)
        self.assertEqual(len(peaks), 6)
        cells = {cell for table in markdown_tables(text_of("sweep/results.md")) for row in table for cell in row}
        for peak in peaks:
            self.assertTrue(any(size(peak) in cell for cell in cells), size(peak))
            self.assertIn(size(peak), text_of("sweep"))
        pictures = [name for name in WRITTEN if name.startswith("sweep/") and name.endswith(".svg")]
        self.assertTrue(pictures)
        for name in pictures:
            self.assertTrue(xml.etree.ElementTree.fromstring(WRITTEN[name]).find(f"{SVG}title").text)

    def test_check(self):
        document = self.valid("check/check.json", "check")
        failed = [limit for budget in document["budgets"] for limit in budget["limits"] if limit["status"] == "failed"]
        judged = sum(len(budget["limits"]) for budget in document["budgets"])
        self.assertEqual((len(failed), judged), (4, 6))
        suites = xml.etree.ElementTree.fromstring(WRITTEN["check/junit.xml"])
        self.assertEqual(sum(int(suite.get("failures")) for suite in suites.iter("testsuite")), len(list(suites.iter("failure"))))
        told = "".join(suites.itertext()) + "".join(failure.get("message") for failure in suites.iter("failure"))
        results = json_of("check/check.sarif")["runs"][0]["results"]
        self.assertEqual([result["level"] for result in results], ["error"] * 4)
        issues = json_of("check/gl-code-quality.json")
        head, *rows = markdown_tables(text_of("check/check.md"))[0]
        self.assertEqual(len(rows), judged)
        for limit, result, issue in zip(failed, results, issues, strict=True):
            for text in (told, result["message"]["text"], issue["description"], text_of("check")):
                self.assertIn(f"{limit['value']:,}", text)
            place = result["locations"][0]["physicalLocation"]
            self.assertEqual((place["artifactLocation"]["uri"], place["region"]["startLine"]), (document["file"], limit["line"]))
            self.assertEqual((issue["location"]["path"], issue["location"]["lines"]["begin"]), (document["file"], limit["line"]))
            self.assertTrue(any(size(limit["value"]) in row and size(limit["allowed"]) in row for row in rows), limit)
        self.assertIn('<&"> and | and `code`', "".join(rendered(text_of("check/check.md")).text))

    def test_fragmentation(self):
        document = self.valid("fragmentation/fragmentation.json", "fragmentation")
        self.assertIn(size(document["peak"]["reserved_bytes"]), text_of("fragmentation"))

    def test_list(self):
        for what in ("models", "attention", "devices", "formats"):
            self.assertTrue(self.valid(f"list {what}", "list"))


class SameBytes(unittest.TestCase):
    def test_whatever_the_folder_home_time_zone_and_language(self):
        locales = HERE / "locales"
        locales.mkdir()
        german = shutil.which("localedef") and subprocess.run(
            ["localedef", "-i", "de_DE", "-f", "UTF-8", locales / "de_DE.UTF-8"], capture_output=True).returncode in (0, 1)
        home = HERE / "at home"
        home.mkdir()
        more = {"LOCPATH": str(locales)} if german else {}
        again = write_all(HERE / "elsewhere" / "with a space", environment_of(
            home, LC_ALL="de_DE.UTF-8", LANGUAGE="de", TZ="Asia/Kathmandu", SOURCE_DATE_EPOCH="1", USER="someone", **more))
        self.assertEqual(sorted(again), sorted(WRITTEN))
        self.assertEqual([name for name in WRITTEN if again[name] != WRITTEN[name]], [])
        for name, content in WRITTEN.items():
            self.assertNotIn(str(HERE).encode(), content, name)


if __name__ == "__main__":
    unittest.main(argv=["formats_test"])
