"""Data parallel, sharded and tensor parallel training: one process stands for one rank of many."""
import unittest

from run_support import HERE, RunTest

PROGRAM = HERE / "many_ranks_program.py"


class OneOfMany(RunTest):
    def rank_of(self, kind, ranks, rank):
        result = self.headroom_run(PROGRAM, kind, flags=["--ranks", str(ranks), "--rank", str(rank)])
        self.assertEqual(result.code, 0, result.errors)
        (run,) = result.runs
        self.assertSumsHold(run)
        self.assertEqual(run["peak"]["allocated_bytes"], result.printed["peak"])
        self.assertEqual((result.printed["rank"], result.printed["size"]), (rank, ranks))
        return result.printed

    def test_data_parallel_keeps_everything_on_each_rank(self):
        told = self.rank_of("ddp", 64, 5)
        self.assertEqual((told["parameter"], told["optimizer_state"]), (told["whole"], 2 * told["whole"]))

    def test_fully_sharded_keeps_a_share(self):
        told = self.rank_of("fsdp2", 8, 3)
        self.assertEqual((told["parameter"], told["optimizer_state"]), (told["whole"] // 8, told["whole"] // 4))

    def test_tensor_parallel_keeps_a_share(self):
        told = self.rank_of("tensor", 4, 0)
        self.assertEqual((told["parameter"], told["optimizer_state"]), (told["whole"] // 4, told["whole"] // 2))


if __name__ == "__main__":
    unittest.main()
