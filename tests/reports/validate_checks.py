#!/usr/bin/env python3
"""validate_checks.py SOURCE_FOLDER DOCUMENT_FOLDER: what a check writes obeys its schemas: our own of JSON, baselines and budget
files, the common one of JUnit's XML, SARIF's as far as it is used, GitLab's rules; and documents that are wrong do not."""
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys

try:
    import jsonschema
    Validator = jsonschema.Draft202012Validator
    import tomllib
except (ImportError, AttributeError):
    print("skipped: needs jsonschema 4 (Debian: python3-jsonschema) and Python 3.11")
    sys.exit(77)
if not shutil.which("xmllint"):
    print("skipped: needs xmllint (Debian: libxml2-utils)")
    sys.exit(77)

source, documents = map(pathlib.Path, sys.argv[1:3])
failures = []


def load(path):
    schema = json.loads(path.read_text())
    Validator.check_schema(schema)
    return Validator(schema)


def check(validator, document, name):
    for error in validator.iter_errors(document):
        failures.append(f"{name}{error.json_path[1:]}: {error.message[:200]}")


def refuse_members_less(validator, document, name, path=()):
    """Every object wants all its members, and no others."""
    value = document
    for key in path:
        value = value[key]
    if isinstance(value, list) and value:
        return refuse_members_less(validator, document, name, path + (0,))
    if not isinstance(value, dict):
        return 0
    count = 0
    for key in list(value):
        damaged = copy.deepcopy(document)
        inner = damaged
        for step in path:
            inner = inner[step]
        del inner[key]
        if validator.is_valid(damaged):
            failures.append(f"{name}/{'/'.join(map(str, path))}: no {key} is accepted")
        count += 1 + refuse_members_less(validator, document, name, path + (key,))
    return count


schemas = source / "reports" / "schema"
checks, baseline, budget = (load(schemas / f"{name}.schema.json") for name in ("check", "baseline", "budget"))
sarif = load(source / "tests" / "reports" / "sarif.schema.json")
refused = 0
for name in ("all", "hostile", "kept", "many"):
    document = json.loads((documents / f"{name}.json").read_text())
    check(checks, document, name)
    if name == "all":
        refused += refuse_members_less(checks, document, name)
    log = json.loads((documents / f"{name}.sarif").read_text())
    check(sarif, log, f"{name}.sarif")
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    for result in log["runs"][0]["results"]:
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            failures.append(f"{name}.sarif: rule {result['ruleIndex']} is not {result['ruleId']}")
    issues = json.loads((documents / f"{name}.gitlab").read_text())
    for issue in issues:
        if issue["severity"] not in ("info", "minor", "major", "critical", "blocker") or issue["location"]["lines"]["begin"] < 1:
            failures.append(f"{name}.gitlab: {issue}")
    if len({issue["fingerprint"] for issue in issues}) != len(issues) and name != "hostile":
        failures.append(f"{name}.gitlab: two issues have one fingerprint")
    done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", source / "tests/reports/junit.xsd", documents / f"{name}.xml"],
                          capture_output=True, text=True)
    if done.returncode:
        failures.append(f"{name}.xml: {done.stderr}")
check(baseline, json.loads((documents / "run.baseline").read_text()), "baseline")

# The schema of budget files takes what the reader takes, and editors refuse what it refuses.
example = source / "examples" / "budgets.toml"
check(budget, tomllib.loads(example.read_text(), parse_float=float), "examples/budgets.toml")
page = (source / "docs" / "check.md").read_text()
blocks = [block for block in re.findall(r"```toml\n(.*?)```", page, re.S) if "[[budget]]" in block]
if not blocks:
    failures.append("docs/check.md: there is no budget file")
for number, block in enumerate(blocks):
    check(budget, json.loads(json.dumps(tomllib.loads(block), default=str)), f"docs/check.md, block {number}")
head = '[[budget]]\nmodel = "gpt2"\n'
for text in ("peek = 1", 'peak = "1GB"', "peak = -1", "peak = {}", 'peak = { reason = "x" }', 'parameters = "1M"', "category.activations = 1",
             "batch = []", 'peak = { fail = 1, exception = { fail = 2 } }', 'recording = "x"\npeak = 1', 'peak = 1\ntimeout = "soon"', "peak = 1\ntimeout = 0"):
    refused += 1
    if budget.is_valid(json.loads(json.dumps(tomllib.loads(head + text), default=str))):
        failures.append(f"budget.schema.json accepts {text}")
print("\n".join(failures) or f"checks are valid, {refused} wrong ones refused")
sys.exit(bool(failures))
