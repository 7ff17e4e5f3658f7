"""The verdicts of table.py, and what figures.json promises."""
import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import table  # noqa: E402


def figure(published, unit, decimals, virtual_bytes):
    return {"published": published, "unit": unit, "decimals": decimals, "virtual_bytes": virtual_bytes}


class Verdicts(unittest.TestCase):
    def test_a_value_is_the_same_when_it_rounds_to_what_was_printed(self):
        self.assertTrue(table.same_as_printed(figure(399.629, "MB", 3, 399_629_312)))
        self.assertFalse(table.same_as_printed(figure(399.629, "MB", 3, 399_629_824)))

    def test_a_value_printed_from_a_float32_is_compared_as_one(self):
        self.assertTrue(table.same_as_printed(figure(20480.125, "MiB", None, 20480 * 2**20 + 129 * 1024)))
        self.assertFalse(table.same_as_printed(figure(1280.125, "MiB", None, 1280 * 2**20 + 129 * 1024)))

    def test_differences_are_signed_and_of_the_published_value(self):
        self.assertEqual(table.difference_percent(figure(1000, "bytes", 0, 990)), -1.0)


class Data(unittest.TestCase):
    def setUp(self):
        self.data = json.loads((HERE / "figures.json").read_text())
        self.figures = table.flat(self.data)

    def test_every_figure_was_run(self):
        self.assertEqual([f for f in self.figures if not isinstance(f.get("virtual_bytes"), int)], [])

    def test_every_difference_over_a_twentieth_of_a_percent_has_an_explanation(self):
        self.assertEqual([f for f in self.figures if abs(table.difference_percent(f)) > 0.05 and not f.get("explanation")], [])

    def test_none_over_one_percent_is_unexplained(self):
        self.assertEqual([f for f in self.figures if abs(table.difference_percent(f)) > 1
                          and f["explanation"].startswith("not explained")], [])

    def test_half_of_the_figures_are_within_a_twentieth_of_a_percent(self):
        self.assertGreater(sum(abs(table.difference_percent(f)) <= 0.05 for f in self.figures), len(self.figures) / 2)

    def test_every_run_names_its_document_and_its_torch(self):
        for run in self.data["runs"]:
            self.assertIn(run["document"], self.data["documents"])
            self.assertIn("torch", run["versions"])


if __name__ == "__main__":
    unittest.main()
