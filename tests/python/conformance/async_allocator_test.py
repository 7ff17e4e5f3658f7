"""PYTORCH_CUDA_ALLOC_CONF=backend:cudaMallocAsync: memory pools of the driver instead of PyTorch's allocator."""
import os
import unittest

import torch

from support import *


@unittest.skipUnless(torch.cuda.get_allocator_backend() == "cudaMallocAsync", "needs backend:cudaMallocAsync")
class AsyncAllocator(ConformanceTest):
    def test_statistics_count_what_is_used_and_reserved(self):
        before = torch.cuda.memory_allocated()
        kept = block(64 * MIB)
        self.assertEqual(torch.cuda.memory_allocated() - before, 64 * MIB)
        self.assertGreaterEqual(torch.cuda.memory_reserved(), 64 * MIB)
        del kept
        torch.cuda.synchronize()
        self.assertEqual(torch.cuda.memory_allocated(), before)

    def test_peaks_are_the_highest_use_and_can_be_reset(self):
        first = block(64 * MIB)
        second = block(32 * MIB)
        del first
        torch.cuda.synchronize()
        self.assertEqual(torch.cuda.max_memory_allocated(), 96 * MIB)
        torch.cuda.reset_peak_memory_stats()
        self.assertEqual(torch.cuda.max_memory_allocated(), second.numel())

    def test_freed_memory_stays_reserved_until_the_cache_is_emptied(self):
        free, reserved = torch.cuda.mem_get_info()[0], torch.cuda.memory_reserved()  # what graphs took counts from Torch 2.15 on
        gone = block(64 * MIB)
        del gone
        torch.cuda.synchronize()
        self.assertLess(torch.cuda.mem_get_info()[0], free)
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.mem_get_info()[0], free)
        self.assertEqual(torch.cuda.memory_reserved(), reserved)

    def test_a_freed_block_is_used_again_by_its_stream(self):
        gone = block(64 * MIB)
        address = gone.data_ptr()
        del gone
        self.assertEqual(block(64 * MIB).data_ptr(), address)

    def test_out_of_memory_raises_pytorchs_error(self):
        with self.assertRaisesRegex(torch.OutOfMemoryError, "out of memory"):
            block(torch.cuda.mem_get_info()[1] + GIB)
        self.assertEqual(block(MIB).numel(), MIB)

    def test_a_memory_fraction_is_kept(self):
        total = torch.cuda.mem_get_info()[1]
        torch.cuda.set_per_process_memory_fraction(256 * MIB / total)
        self.addCleanup(torch.cuda.set_per_process_memory_fraction, 1.0)
        kept = block(200 * MIB)
        with self.assertRaises(torch.OutOfMemoryError):
            block(100 * MIB)
        del kept

    def test_a_model_trains(self):
        model = torch.nn.Linear(512, 512).cuda()
        optimizer = torch.optim.AdamW(model.parameters())
        for _ in range(2):
            model(torch.empty(64, 512, device="cuda")).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        self.assertGreater(torch.cuda.max_memory_allocated(), 3 * 512 * 512 * 4)
        del model, optimizer

    def test_a_tensor_used_on_another_stream_is_freed_after_it(self):
        side = torch.cuda.Stream()
        x = block(64 * MIB)
        x.record_stream(side)
        with torch.cuda.stream(side):
            x.add_(1)
        del x
        torch.cuda.synchronize()
        self.assertEqual(torch.cuda.memory_allocated(), 0)

    def test_a_graph_is_captured_and_replayed(self):
        x = torch.empty(MIB, device="cuda")
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            y = x.add(1).add(1)
        graph.replay()
        torch.cuda.synchronize()
        self.assertEqual(y.shape, x.shape)
        del graph, y

    def test_the_native_allocators_snapshot_is_refused(self):
        with self.assertRaises(RuntimeError):
            torch.cuda.memory_snapshot()


if __name__ == "__main__":
    unittest.main()
