#!/usr/bin/env python3
"""validate_documents.py SCHEMA_FOLDER DOCUMENT_FOLDER: every document obeys report.schema.json, and the schemas refuse
documents that are wrong in one place."""
import copy
import json
import pathlib
import sys

try:
    import jsonschema
    Validator = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print("skipped: needs jsonschema 4 (Debian: python3-jsonschema)")
    sys.exit(77)

schemas, documents = map(pathlib.Path, sys.argv[1:3])
failures = []


def load(name):
    schema = json.loads((schemas / name).read_text())
    Validator.check_schema(schema)
    return Validator(schema)


def objects_of(value, path=()):
    """Every object inside `value`, with the way to it."""
    if isinstance(value, dict):
        yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from objects_of(member, path + (key,))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def changed(document, path, change):
    copied = copy.deepcopy(document)
    change(at(copied, path))
    return copied


report = load("report.schema.json")
for path in sorted(documents.glob("*.json")):
    for error in report.iter_errors(json.loads(path.read_text())):
        failures.append(f"{path.name}{error.json_path[1:]}: {error.message[:200]}")

# One object of each kind, named by its path without indices; free-form and by-category ones are left out.
kinds = {}
for name in ("mixed", "hostile-compare", "generate"):
    document = json.loads((documents / f"{name}.json").read_text())
    for path, value in objects_of(document):
        kind = tuple(key for key in path if isinstance(key, str))
        if "config" not in kind and "categories" not in kind and kind[-1:] != ("last_step_requested_bytes",) and value:
            kinds.setdefault((name, kind, frozenset(value)), (document, path, value))

refused = 0
for (name, kind, _), (document, path, value) in kinds.items():
    wrong = {"a member of no meaning": lambda o: o.update(nonsense=1)}
    for key, member in value.items():
        if not (kind == () and key == "comparison"):
            wrong[f"no {key}"] = lambda o, key=key: o.pop(key)
        if isinstance(member, int) and not isinstance(member, bool):
            wrong[f"{key} as text"] = lambda o, key=key: o.update({key: "12"})
            wrong[f"{key} as a fraction"] = lambda o, key=key: o.update({key: 0.5})
            if not (key == "seed"):
                wrong[f"{key} below zero"] = lambda o, key=key: o.update({key: -1})
        if isinstance(member, str):
            wrong[f"{key} as a number"] = lambda o, key=key: o.update({key: 1})
    for what, change in wrong.items():
        refused += 1
        if report.is_valid(changed(document, path, change)):
            failures.append(f"{name} {'/'.join(kind) or 'document'}: {what} is accepted")

for name, sample in (("fragmentation", "pinned"), ("fit", "two-devices")):
    schema = load(f"{name}.schema.json")
    document = json.loads((documents / name / f"{sample}.json").read_text())
    for error in schema.iter_errors(document):
        failures.append(f"{name}{error.json_path[1:]}: {error.message[:200]}")
    for path, value in objects_of({key: value for key, value in document.items() if key != "spec"}):
        for key in value if path else document:
            refused += 1
            if schema.is_valid(changed(document, path, lambda o, key=key: o.pop(key))):
                failures.append(f"{name} {'/'.join(map(str, path))}: no {key} is accepted")
        if schema.is_valid(changed(document, path, lambda o: o.update(nonsense=1))):
            failures.append(f"{name} {'/'.join(map(str, path))}: a member of no meaning is accepted")

for name, file in (("diff", "diff.json"), ("sweep", "results.json")):
    schema = load(f"{name}.schema.json")
    document = json.loads((documents / name / file).read_text())
    for error in schema.iter_errors(document):
        failures.append(f"{name}{error.json_path[1:]}: {error.message[:200]}")
    for path, value in objects_of(document):
        if "spec" in path or "settings" in path and name == "sweep":
            continue
        if schema.is_valid(changed(document, path, lambda o: o.update(nonsense=1))):
            failures.append(f"{name} {'/'.join(map(str, path))}: a member of no meaning is accepted")
        for key in () if name == "diff" and path[-1:] == ("categories",) and len(path) > 1 else value:
            refused += 1
            if schema.is_valid(changed(document, path, lambda o, key=key: o.pop(key))):
                failures.append(f"{name} {'/'.join(map(str, path))}: no {key} is accepted")

listing = load("list.schema.json")
for good in ([], [{"name": "mha"}], [{"name": "bert-base", "description": "BERT", "parameters": 1}]):
    if not listing.is_valid(good):
        failures.append(f"list.schema.json refuses {good}")
for bad in ({}, [{}], ["mha"], [{"name": ""}], [{"name": 1}]):
    if listing.is_valid(bad):
        failures.append(f"list.schema.json accepts {bad}")

print("\n".join(failures) or f"documents are valid, {refused} wrong ones refused")
sys.exit(bool(failures))
