#!/usr/bin/env python3
"""What scripts/reference makes, and that it sees what is stale.

    reference_test.py BUILD [unittest arguments]
"""
import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(sys.argv.pop(1))

loader = importlib.machinery.SourceFileLoader("reference", str(ROOT / "scripts/reference"))
reference = importlib.util.module_from_spec(importlib.util.spec_from_loader("reference", loader))
sys.dont_write_bytecode = True
loader.exec_module(reference)

SCHEMA = {
    "$id": "urn:test", "title": "A test", "type": "object", "required": ["list"],
    "properties": {
        "list": {"description": "Of a | b.", "type": "array", "items": {"type": "object", "properties": {
            "bytes": {"description": "How much.", "type": ["integer", "null"], "minimum": 0}}}},
        "kind": {"description": "Which.", "enum": ["a", None]},
        "place": {"description": "Where.", "anyOf": [{"$ref": "#/$defs/place"}, {"type": "null"}]}},
    "$defs": {"place": {"description": "A place.", "properties": {"line": {"description": "Of it.", "type": "integer"}}}}}


class TheReference(unittest.TestCase):
    def page_of(self, schema):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "test.schema.json"
            file.write_text(json.dumps(schema))
            return reference.schema_page(file)

    def test_is_what_the_programs_say(self):
        found = list(reference.differences(reference.make(BUILD)))
        self.assertEqual(found, [], "run scripts/reference")

    def test_a_page_that_was_changed_by_hand_is_seen(self):
        pages = reference.make(BUILD)
        pages["exit-codes.md"] += "By hand.\n"
        self.assertIn("+By hand.", list(reference.differences(pages)))

    def test_a_page_that_is_made_no_more_is_seen(self):
        pages = reference.make(BUILD)
        del pages["schemas/fit.md"]
        self.assertIn("--- docs/reference/schemas/fit.md", list(reference.differences(pages)))

    def test_members_of_members_have_rows(self):
        page = self.page_of(SCHEMA)
        self.assertIn("| `list` | list of object | Of a \\| b. |\n", page)
        self.assertIn("| `list[].bytes` | optional: integer from 0 or null | How much. |\n", page)
        self.assertIn("| `kind` | optional: `\"a\"`, null | Which. |\n", page)
        self.assertIn("| `place` | optional: [place](#place) or null | Where. |\n", page)
        self.assertIn("## place\n\nA place.\n\n", page)

    def test_a_member_without_a_description_is_refused(self):
        with self.assertRaisesRegex(reference.Stale, "urn:test: x has no description"):
            self.page_of({"$id": "urn:test", "title": "A test", "properties": {"x": {"type": "string"}}})

    def test_a_variable_that_the_page_lacks_is_named(self):
        with self.assertRaisesRegex(reference.Stale, "HEADROOM_CUPTI, .*HEADROOM_WORKER"):
            reference.forgotten_variables({"environment.md": ""})


if __name__ == "__main__":
    unittest.main()
