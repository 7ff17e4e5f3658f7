"""torch.profiler inside `headroom run`: it shows the launches that the runtime counted, and the recording is whole."""
import unittest

from run_support import HERE, RunTest


class Profiled(RunTest):
    def assertBothSawEverything(self, result):
        self.assertEqual(result.code, 0, result.errors)
        (run,) = result.runs
        self.assertEqual(run["outcome"]["kind"], "ok")
        self.assertSumsHold(run)
        self.assertEqual(result.printed["kernels"], result.printed["counted"])
        self.assertNotIn("null", result.printed["made_by"], "every kernel has its operator")
        self.assertIn("aten::addmm", result.printed["made_by"])
        self.assertNotIn("CUPTI", result.errors)

    def test_the_profiler_shows_what_the_runtime_counted(self):
        self.assertBothSawEverything(self.headroom_run(HERE / "profiled_program.py"))


if __name__ == "__main__":
    unittest.main()
