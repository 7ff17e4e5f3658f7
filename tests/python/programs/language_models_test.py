"""Hugging Face models in training, unchanged, over the virtual GPU."""
import unittest

from run_support import HERE, RunTest

PROGRAM = HERE / "language_model.py"


class LanguageModels(RunTest):
    def train(self, *arguments):
        return self.headroom_run(PROGRAM, *arguments)

    def check(self, *arguments):
        result = self.train(*arguments)
        self.assertLayersAreModules(result, self.assertTellsWhatTheProgramKnows(result))

    def test_bert(self):
        self.check("bert", "--attention", "eager")

    def test_gpt2_with_fused_attention(self):
        self.check("gpt2", "--attention", "sdpa")

    def test_llama(self):
        self.check("llama", "--attention", "sdpa")

    def test_vit(self):
        self.check("vit", "--attention", "eager")

    def test_bert_in_mixed_precision_with_a_gradient_scaler(self):
        self.check("bert", "--amp")

    def test_checkpointing_keeps_less(self):
        plain, checkpointed = (self.train("llama", "--batch", "16", *extra) for extra in ((), ("--checkpoint",)))
        for result in (plain, checkpointed):
            self.assertTellsWhatTheProgramKnows(result, ("parameter",))
        self.assertLess(checkpointed.printed["peak"], plain.printed["peak"])

    def test_the_trainer_of_transformers(self):
        result = self.train("gpt2", "--trainer")
        self.assertTellsWhatTheProgramKnows(result, ("parameter", "optimizer_state"))


if __name__ == "__main__":
    unittest.main()
