"""The numbers of torch.cuda.memory_stats(): what each counts, its peak, and how they are reset."""
import unittest

import torch

from support import *


@native_allocator
class Counters(ConformanceTest):
    def test_an_allocation_counts_once_in_each_statistic(self):
        tensor = block(1000)
        self.assertEqual(stat("allocation.all.current"), 1)
        self.assertEqual(stat("allocated_bytes.all.current"), 1024)
        self.assertEqual(stat("requested_bytes.all.current"), 1000)
        self.assertEqual(stat("active.all.current"), 1)
        self.assertEqual(stat("active_bytes.all.current"), 1024)
        self.assertEqual(tensor.numel(), 1000)

    def test_small_and_large_pools_are_counted_apart_and_add_up(self):
        kept = [block(512), block(MIB), block(MIB + 1), block(30 * MIB)]
        for name in ("allocation", "allocated_bytes", "requested_bytes", "active", "active_bytes", "segment", "reserved_bytes",
                     "inactive_split", "inactive_split_bytes"):
            for kind in ("current", "peak", "allocated", "freed"):
                if kind != "peak":
                    self.assertEqual(stat(f"{name}.all.{kind}"),
                                     stat(f"{name}.small_pool.{kind}") + stat(f"{name}.large_pool.{kind}"), (name, kind))
        self.assertEqual(stat("allocation.small_pool.current"), 2)
        self.assertEqual(stat("allocation.large_pool.current"), len(kept) - 2)

    def test_a_freed_block_leaves_the_allocated_and_stays_reserved(self):
        tensor = block(3 * MIB)
        reserved = torch.cuda.memory_reserved()
        del tensor
        self.assertEqual(torch.cuda.memory_allocated(), 0)
        self.assertEqual(stat("requested_bytes.all.current"), 0)
        self.assertEqual(torch.cuda.memory_reserved(), reserved)

    def test_current_is_what_was_allocated_less_what_was_freed(self):
        kept = [block(size) for size in (1, 5000, 2 * MIB, 12 * MIB)]
        del kept[1:3]
        for name in ("allocation", "allocated_bytes", "requested_bytes", "active", "active_bytes", "segment", "reserved_bytes"):
            for pool in ("all", "small_pool", "large_pool"):
                self.assertEqual(stat(f"{name}.{pool}.current"),
                                 stat(f"{name}.{pool}.allocated") - stat(f"{name}.{pool}.freed"), name)

    def test_the_statistics_under_their_short_names_are_the_same(self):
        kept = block(5 * MIB)
        self.assertEqual(torch.cuda.memory_allocated(), stat("allocated_bytes.all.current"))
        self.assertEqual(torch.cuda.max_memory_allocated(), stat("allocated_bytes.all.peak"))
        self.assertEqual(torch.cuda.memory_reserved(), stat("reserved_bytes.all.current"))
        self.assertEqual(torch.cuda.max_memory_reserved(), stat("reserved_bytes.all.peak"))
        self.assertEqual(torch.accelerator.memory_allocated(), torch.cuda.memory_allocated())
        self.assertEqual(torch.cuda.memory_allocated(kept.device), 5 * MIB)

    def test_nested_statistics_hold_the_flat_ones(self):
        kept = block(5 * MIB)
        nested = torch.cuda.memory_stats_as_nested_dict()
        for name, value in torch.cuda.memory_stats().items():
            inner = nested
            for part in name.split("."):
                inner = inner[part]
            self.assertEqual(inner, value, name)
        self.assertEqual(nested["allocated_bytes"]["all"]["current"], kept.numel())

    def test_an_empty_tensor_takes_nothing(self):
        with self.assertGrows("allocation.all.allocated", 0):
            empty = block(0)
        self.assertEqual(empty.data_ptr(), 0)

    def test_views_share_their_block(self):
        tensor = block(4 * MIB)
        with self.assertGrows("allocated_bytes.all.current", 0):
            views = [tensor[MIB:], tensor.view(torch.int32), tensor.reshape(2, -1)]
        del tensor
        self.assertEqual(torch.cuda.memory_allocated(), 4 * MIB)
        del views
        self.assertEqual(torch.cuda.memory_allocated(), 0)

    @classic_segments
    def test_every_device_allocation_is_counted(self):
        before = stat("num_device_alloc")
        kept = [block(1), block(1), block(3 * MIB), block(40 * MIB)]
        self.assertEqual(stat("num_device_alloc") - before, 3, len(kept))
        del kept
        before = stat("num_device_free")
        torch.cuda.empty_cache()
        self.assertEqual(stat("num_device_free") - before, 3)

    def test_memory_summary_prints_the_current_numbers(self):
        kept = block(7 * MIB)
        text = torch.cuda.memory_summary()
        for row in ("Allocated memory", "Active memory", "Requested memory", "GPU reserved memory", "Non-releasable memory",
                    "Allocations", "Active allocs", "GPU reserved segments"):
            self.assertIn(row, text)
        self.assertRegex(text, r"Allocated memory\s+\|\s+7168 KiB")
        self.assertIn("from large pool", text)
        self.assertNotIn("from large pool", torch.cuda.memory_summary(abbreviated=True))
        self.assertEqual(kept.numel(), 7 * MIB)


@native_allocator
class Peaks(ConformanceTest):
    def test_the_peak_is_the_largest_sum_alive_at_one_time(self):
        first = block(8 * MIB)
        second = block(4 * MIB)
        del first
        third = block(2 * MIB)
        self.assertEqual(torch.cuda.max_memory_allocated(), 12 * MIB)
        self.assertEqual(torch.cuda.memory_allocated(), second.numel() + third.numel())

    def test_a_reset_peak_starts_again_from_what_is_alive(self):
        kept, gone = block(2 * MIB), block(64 * MIB)
        del gone
        torch.cuda.reset_peak_memory_stats()
        self.assertEqual(torch.cuda.max_memory_allocated(), kept.numel())
        self.assertEqual(stat("requested_bytes.all.peak"), kept.numel())
        self.assertEqual(torch.cuda.max_memory_reserved(), torch.cuda.memory_reserved())
        another = block(4 * MIB)
        self.assertEqual(torch.cuda.max_memory_allocated(), kept.numel() + another.numel())

    def test_every_peak_is_at_least_its_current(self):
        kept = [block(size) for size in (100, 3 * MIB, 50 * MIB)]
        del kept[1]
        for name, value in torch.cuda.memory_stats().items():
            if name.endswith(".peak"):
                self.assertGreaterEqual(value, stat(name.removesuffix("peak") + "current"), name)

    def test_accumulated_counts_restart_at_zero_and_leave_the_current_alone(self):
        kept = block(2 * MIB)
        torch.cuda.reset_accumulated_memory_stats()
        self.assertEqual(stat("allocated_bytes.all.allocated"), 0)
        self.assertEqual(stat("allocated_bytes.all.freed"), 0)
        self.assertEqual(stat("allocated_bytes.all.current"), kept.numel())
        del kept
        self.assertEqual(stat("allocated_bytes.all.freed"), 2 * MIB)

    def test_the_old_names_of_the_resets_reset_all_peaks(self):
        gone = block(64 * MIB)
        del gone
        torch.cuda.empty_cache()
        with self.assertWarns(FutureWarning):
            torch.cuda.reset_max_memory_allocated()
        self.assertEqual(torch.cuda.max_memory_allocated(), 0)
        self.assertEqual(torch.cuda.max_memory_reserved(), 0)

    def test_an_operator_peaks_at_inputs_and_result(self):
        left, right = torch.empty(MIB, device="cuda"), torch.empty(MIB, device="cuda")
        torch.cuda.reset_peak_memory_stats()
        total = left + right
        self.assertEqual(torch.cuda.max_memory_allocated(), 3 * 4 * MIB)
        total += left
        self.assertEqual(torch.cuda.max_memory_allocated(), 3 * 4 * MIB)

    def test_an_autograd_graph_holds_what_its_backward_needs_until_then(self):
        weight = torch.empty(MIB, device="cuda", requires_grad=True)
        loss = weight.exp().mul(2).sum()  # exp saves its result; mul saves nothing of its input
        self.assertEqual(torch.cuda.memory_allocated(), 2 * 4 * MIB + 512)
        loss.backward()
        self.assertEqual(torch.cuda.memory_allocated(), 2 * 4 * MIB + 512)  # the saved result went, the gradient came
        del loss
        weight.grad = None
        self.assertEqual(torch.cuda.memory_allocated(), 4 * MIB)


if __name__ == "__main__":
    unittest.main()
