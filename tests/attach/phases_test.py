"""Which phase of which step a program is in, as attach/python tells it from events. No Torch."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "attach" / "python"))
from headroom_attach import kinds, phases  # noqa: E402


class Program:
    """Writes down what Phases says: "forward 1"."""

    NAMES = ["build", "forward", "backward", "optimizer"]

    def __init__(self, has_optimizer=True):
        self.heard = []
        self.phases = phases.Phases(lambda phase, step: self.heard.append(f"{self.NAMES[phase]} {step}"))
        self.phases.has_optimizer = has_optimizer

    def forward(self, model="net", keeps_graph=True):
        self.phases.forward(model, keeps_graph)

    def backward(self):
        self.phases.begin_backward()
        self.phases.end_backward()

    def step(self):
        self.phases.begin_optimizer()
        self.phases.end_optimizer()


class PhasesTest(unittest.TestCase):
    def test_a_training_loop_has_three_phases_a_step(self):
        program = Program()
        for _ in range(2):
            program.forward()
            program.backward()
            program.step()
        self.assertEqual(program.heard, ["forward 1", "backward 1", "optimizer 1", "forward 2", "backward 2", "optimizer 2"])

    def test_accumulated_gradients_are_one_step(self):
        program = Program()
        for _ in range(2):
            program.forward()
            program.backward()
        program.step()
        self.assertEqual(program.heard, ["forward 1", "backward 1", "forward 1", "backward 1", "optimizer 1"])

    def test_two_models_are_one_step(self):
        program = Program()
        program.forward("encoder")
        program.forward("decoder")
        program.backward()
        program.step()
        self.assertEqual(program.heard, ["forward 1", "backward 1", "optimizer 1"])

    def test_two_optimizers_after_each_other_end_one_step(self):
        program = Program()
        program.forward()
        program.backward()
        program.step()
        program.step()
        self.assertEqual(program.heard, ["forward 1", "backward 1", "optimizer 1"])

    def test_validation_is_a_step_a_batch_and_training_goes_on_with_the_next(self):
        program = Program()
        program.forward()
        program.backward()
        program.step()
        program.forward(keeps_graph=False)
        program.forward(keeps_graph=False)
        program.forward()
        self.assertEqual(program.heard[3:], ["forward 2", "forward 3", "forward 4"])

    def test_a_teacher_without_a_graph_belongs_to_the_step_of_its_student(self):
        program = Program()
        program.forward("teacher", keeps_graph=False)
        program.forward("student")
        program.backward()
        self.assertEqual(program.heard, ["forward 1", "backward 1"])

    def test_without_an_optimizer_every_forward_is_a_step(self):
        program = Program(has_optimizer=False)
        for _ in range(3):
            program.forward()
        self.assertEqual(program.heard, ["forward 1", "forward 2", "forward 3"])

    def test_a_closure_runs_inside_the_optimizers_step(self):
        program = Program()
        program.phases.begin_optimizer()
        program.phases.ended = False
        program.forward()
        program.backward()
        program.phases.begin_optimizer()
        program.phases.end_optimizer()
        self.assertEqual(program.heard, ["optimizer 0", "forward 0", "backward 0", "optimizer 0"])

    def test_gradients_asked_for_in_forward_return_to_it(self):
        program = Program()
        program.forward()
        before = program.phases.phase
        program.phases.begin_backward()
        program.phases.end_backward(before)
        self.assertEqual(program.heard, ["forward 1", "backward 1", "forward 1"])

    def test_a_backward_inside_a_backward_and_what_it_computes_again_change_nothing(self):
        program = Program()
        program.forward()
        program.phases.begin_backward()
        program.forward("block")
        program.phases.begin_backward()
        program.phases.end_backward()
        program.phases.end_backward()
        self.assertEqual(program.heard, ["forward 1", "backward 1"])


class KindsTest(unittest.TestCase):
    def test_kinds_of_modules_people_use(self):
        for class_name, name, kind in [
            ("LlamaAttention", "self_attn", "attention"), ("BertSelfAttention", "self", "attention"),
            ("LlamaMLP", "mlp", "ffn"), ("BertIntermediate", "intermediate", "ffn"), ("LlamaRMSNorm", "norm", "norm"),
            ("BatchNorm2d", "bn1", "norm"), ("Embedding", "wte", "embedding"), ("LlamaDecoderLayer", "3", "block"),
            ("GPT2Block", "0", "block"), ("Bottleneck", "1", "block"), ("Linear", "lm_head", "head"),
            ("Linear", "q_proj", "other"), ("CrossEntropyLoss", "", "loss"), ("ModuleList", "layers", "stack"),
        ]:
            self.assertEqual(kinds.kind_of(class_name, name), kind, (class_name, name))


if __name__ == "__main__":
    unittest.main()
