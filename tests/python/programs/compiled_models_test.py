"""torch.compile: TorchInductor and Triton compile for the virtual device as for the real one; what needs a clock is told apart."""
import unittest

from run_support import HERE, RunTest


class CompiledModels(RunTest):
    def compiled(self, mode):
        return self.headroom_run(HERE / "compiled_model.py", mode)

    def test_training_is_compiled_whole_and_recorded_to_the_byte(self):
        result = self.compiled("default")
        run = self.assertTellsWhatTheProgramKnows(result)
        self.assertGreaterEqual(result.printed["graphs"], 1)
        self.assertTrue(any("torch.compile" in text for text in run["assumptions"]))

    def test_outputs_of_cuda_graphs_that_are_overwritten_do_not_disturb(self):
        result = self.compiled("reduce-overhead")
        # With nothing compiled before, the peak lies in the first step, where kernels are tried: no optimizer state yet.
        run = self.assertTellsWhatTheProgramKnows(result, categories=("parameter",))
        self.assertEqual(len(run["steps"]), 3)


if __name__ == "__main__":
    unittest.main()
