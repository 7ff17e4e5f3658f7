"""CUDA graphs: what a capture does to memory, what a replay does not, and what a capture forbids."""
import gc
import unittest

import torch

from support import *


# A graph keeps the seed and the offset of the random generator on the device; newer versions only where it is used.
GENERATOR_STATE = 2 * 512 if TORCH_VERSION < (2, 15) else 0


def capture(body, **options):
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, **options):
        result = body()
    return graph, result


def sizes_in(pool, kind="large"):
    """Of the segments of one pool; a capture that failed may have left others."""
    return [segment["total_size"] for segment in segments()
            if tuple(segment["segment_pool_id"]) == tuple(pool) and segment["segment_type"] == kind]


def floats(size):
    return torch.empty(size // 4, device="cuda")


@native_allocator
class Memory(ConformanceTest):
    def test_a_capture_allocates_from_a_pool_of_its_own(self):
        outside = block(30 * MIB)
        graph, inside = capture(lambda: block(30 * MIB))
        self.assertEqual((sizes_in((0, 0)), sizes_in(graph.pool())), ([30 * MIB], [30 * MIB]))
        self.assertEqual(torch.cuda.memory_allocated(), outside.numel() + inside.numel() + GENERATOR_STATE)

    def test_temporaries_of_a_capture_share_memory_and_stay_reserved(self):
        x = torch.empty(8 * MIB, device="cuda")  # 32 MiB

        def body():
            return x.add(1).add(1).add(1).add(1).sum()

        graph, _ = capture(body)
        torch.cuda.empty_cache()
        self.assertEqual(sizes_in(graph.pool()), [32 * MIB, 32 * MIB])
        self.assertEqual(sizes_in(graph.pool(), "small"), [SMALL_SEGMENT])

    def test_a_replay_allocates_nothing(self):
        x = torch.empty(8 * MIB, device="cuda")
        graph, result = capture(lambda: x.add(1).add(1))
        before = torch.cuda.memory_stats()
        for repetition in range(5):
            graph.replay()
        torch.cuda.synchronize()
        self.assertEqual(torch.cuda.memory_stats(), before)

    def test_memory_of_a_graph_returns_when_graph_and_tensors_are_gone(self):
        graph, result = capture(lambda: block(30 * MIB))
        graph.reset()
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_allocated(), 30 * MIB + GENERATOR_STATE)
        del graph, result
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_allocated(), 0)
        self.assertNotIn(30 * MIB, [segment["total_size"] for segment in segments()])

    def test_tensors_outlive_their_graph(self):
        graph, result = capture(lambda: block(30 * MIB).fill_(1))
        del graph
        gc.collect()
        torch.cuda.empty_cache()
        self.assertEqual(result.add(1).numel(), 30 * MIB)

    def test_graphs_can_share_a_pool(self):
        first, _ = capture(lambda: floats(30 * MIB).sum())
        second, _ = capture(lambda: floats(30 * MIB).sum(), pool=first.pool())
        self.assertEqual(first.pool(), second.pool())
        self.assertEqual(sizes_in(first.pool()), [30 * MIB])  # the second uses what the first's temporary left

    def test_two_pools_do_not_share(self):
        first, _ = capture(lambda: floats(30 * MIB).sum())
        second, _ = capture(lambda: floats(30 * MIB).sum())
        self.assertNotEqual(first.pool(), second.pool())
        self.assertEqual((sizes_in(first.pool()), sizes_in(second.pool())), ([30 * MIB], [30 * MIB]))

    def test_a_capture_that_runs_out_of_memory_says_so_and_the_device_survives(self):
        total = torch.cuda.mem_get_info()[1]
        with self.assertRaises(torch.OutOfMemoryError):
            capture(lambda: block(total + GIB))
        torch.cuda.synchronize()
        self.assertEqual(block(MIB).numel(), MIB)

    def test_a_training_step_is_captured_whole(self):
        model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64)).cuda()
        optimizer = torch.optim.Adam(model.parameters(), capturable=True)
        x = torch.empty(32, 64, device="cuda")

        def step():
            optimizer.zero_grad(set_to_none=True)
            model(x).sum().backward()
            optimizer.step()

        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph, _ = capture(step)
        before = stat("allocation.all.allocated")
        graph.replay()
        self.assertEqual(stat("allocation.all.allocated"), before)

    def test_make_graphed_callables_wraps_forward_and_backward(self):
        model = torch.nn.Linear(64, 64).cuda()
        graphed = torch.cuda.make_graphed_callables(model, (torch.zeros(8, 64, device="cuda"),))
        graphed(torch.zeros(8, 64, device="cuda")).sum().backward()
        self.assertEqual(model.weight.grad.shape, (64, 64))

    def test_a_tensor_recorded_on_a_side_stream_of_the_capture_is_freed(self):
        def body():
            main, side = torch.cuda.current_stream(), torch.cuda.Stream()
            x = block(30 * MIB)
            side.wait_stream(main)
            with torch.cuda.stream(side):
                x.add_(1)
            x.record_stream(side)
            del x
            main.wait_stream(side)
            return block(512)

        graph, result = capture(body)
        graph.replay()
        torch.cuda.synchronize()
        gc.collect()
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_allocated(), result.numel() + GENERATOR_STATE)


class Capturing(ConformanceTest):
    def test_the_state_of_a_stream_says_whether_it_is_captured(self):
        self.assertFalse(torch.cuda.is_current_stream_capturing())
        _, seen = capture(torch.cuda.is_current_stream_capturing)
        self.assertTrue(seen)
        self.assertFalse(torch.cuda.is_current_stream_capturing())

    def test_a_capture_without_work_warns_that_the_graph_is_empty(self):
        with self.assertWarnsRegex(UserWarning, "empty"):
            capture(lambda: None)

    def test_a_graph_can_only_be_replayed_once_captured(self):
        with self.assertRaises(RuntimeError):
            torch.cuda.CUDAGraph().replay()

    def test_a_graph_that_is_kept_can_be_instantiated_later(self):
        graph = torch.cuda.CUDAGraph(keep_graph=True)
        with torch.cuda.graph(graph):
            block(MIB).add_(1)
        self.assertNotEqual(graph.raw_cuda_graph(), 0)
        graph.instantiate()
        graph.replay()

    @needs_values
    def test_a_replay_repeats_copies_from_the_host(self):
        pinned = torch.zeros(4, pin_memory=True)
        target = torch.zeros(4, device="cuda")
        graph, _ = capture(lambda: target.copy_(pinned, non_blocking=True))
        pinned.fill_(7)
        graph.replay()
        self.assertEqual(target.tolist(), [7.0] * 4)


def capture_invalidated():
    runtime = torch.cuda.cudart()
    return "CUDA error: " + runtime.cudaGetErrorString(runtime.cudaError(901))  # cudaErrorStreamCaptureInvalidated


class Spoiled(unittest.TestCase):
    """Each in a process of its own: PyTorch's allocator keeps looking at a capture that failed."""

    def spoil(self, body):
        return run(f"""
            from graphs_test import *
            x, side = torch.ones(4, device="cuda"), torch.cuda.Stream()
            def leave_without_joining():
                side.wait_stream(torch.cuda.current_stream())
                with torch.cuda.stream(side):
                    x.add_(1)
            try:
                capture({body})
            except RuntimeError as problem:
                print(str(problem).splitlines()[0])
            torch.cuda.synchronize()
            print(x.add(1).numel())
        """).splitlines()

    def test_waiting_for_the_device_spoils_a_capture(self):
        self.assertEqual(self.spoil("torch.cuda.synchronize"), [capture_invalidated(), "4"])

    def test_reading_a_value_spoils_a_capture(self):
        self.assertEqual(self.spoil("lambda: x.sum().item()"), [capture_invalidated(), "4"])

    def test_work_on_a_stream_that_did_not_join_is_not_captured(self):
        said, usable = self.spoil("leave_without_joining")
        self.assertRegex(said, "(?i)unjoined")
        self.assertEqual(usable, "4")


if __name__ == "__main__":
    unittest.main()
