"""Expandable segments: one range of addresses for each pool and stream, mapped and unmapped in pages."""
import unittest

import torch

from support import *


@native_allocator
@unittest.skipUnless(EXPANDABLE, "needs PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True")
class Expandable(ConformanceTest):
    def test_a_segment_grows_where_it_is(self):
        first = block(30 * MIB)
        second = block(50 * MIB)
        self.assertEqual(second.data_ptr() - first.data_ptr(), 30 * MIB)
        self.assertEqual([segment["total_size"] for segment in segments()], [80 * MIB])
        self.assertTrue(segments()[0]["is_expandable"])

    def test_small_memory_is_mapped_in_pages_of_2_mib_and_large_in_pages_of_20(self):
        small = block(512)
        self.assertEqual(torch.cuda.memory_reserved(), 2 * MIB)
        large = block(MIB + 512)
        self.assertEqual(torch.cuda.memory_reserved(), 22 * MIB)
        del small, large

    def test_what_is_reserved_is_what_the_device_lacks(self):
        before = torch.cuda.mem_get_info()[0]
        kept = [block(size) for size in (512, 3 * MIB, 50 * MIB, 500 * MIB)]
        self.assertEqual(before - torch.cuda.mem_get_info()[0], torch.cuda.memory_reserved())
        del kept
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_reserved(), 0)
        self.assertEqual(torch.cuda.mem_get_info()[0], before)

    def test_free_pages_in_the_middle_are_unmapped_by_empty_cache(self):
        kept = [block(40 * MIB) for _ in range(3)]
        free = torch.cuda.mem_get_info()[0]
        kept[1] = None
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_reserved(), 80 * MIB)
        self.assertEqual(torch.cuda.mem_get_info()[0] - free, 40 * MIB)
        self.assertEqual(len(segments()), 2)

    def test_an_unmapped_gap_is_mapped_again_at_its_place(self):
        kept = [block(40 * MIB) for _ in range(3)]
        address = kept[1].data_ptr()
        kept[1] = None
        torch.cuda.empty_cache()
        kept[1] = block(40 * MIB)
        self.assertEqual(kept[1].data_ptr(), address)
        self.assertEqual(torch.cuda.memory_reserved(), 120 * MIB)

    def test_a_freed_tail_and_new_pages_make_one_larger_block(self):
        kept, tail = block(40 * MIB), block(40 * MIB)
        address = tail.data_ptr()
        del tail
        larger = block(100 * MIB)
        self.assertEqual(larger.data_ptr(), address)
        self.assertEqual(torch.cuda.memory_reserved(), 140 * MIB)
        del kept

    def test_fragmentation_does_not_refuse_what_fits(self):
        total = torch.cuda.mem_get_info()[1]
        torch.cuda.set_per_process_memory_fraction(400 * MIB / total)
        self.addCleanup(torch.cuda.set_per_process_memory_fraction, 1.0)
        kept = [block(40 * MIB) for _ in range(10)]
        for index in range(0, 10, 2):
            kept[index] = None
        kept.append(block(200 * MIB))  # 200 MiB are free, in five holes
        self.assertEqual(torch.cuda.memory_allocated(), 400 * MIB)

    def test_memory_runs_out_at_the_same_limit(self):
        free, total = torch.cuda.mem_get_info()
        with self.assertRaisesRegex(torch.OutOfMemoryError, "CUDA out of memory"):
            block(total + GIB)
        self.assertEqual(torch.cuda.mem_get_info()[0], free)
        self.assertEqual(torch.cuda.memory_reserved(), 0)
        kept = block(free - GIB)
        with self.assertRaises(torch.OutOfMemoryError):
            block(2 * GIB)
        self.assertEqual(torch.cuda.memory_allocated(), rounded(free - GIB))
        del kept

    def test_each_stream_has_a_range_of_its_own(self):
        first = block(40 * MIB)
        with torch.cuda.stream(torch.cuda.Stream()):
            second = block(40 * MIB)
        self.assertEqual(len(segments()), 2)
        self.assertGreaterEqual(abs(second.data_ptr() - first.data_ptr()), torch.cuda.mem_get_info()[1])

    def test_the_history_tells_maps_and_unmaps(self):
        torch.cuda.memory._record_memory_history(clear_history=True)
        self.addCleanup(torch.cuda.memory._record_memory_history, enabled=None)
        gone = block(40 * MIB)
        address = gone.data_ptr()
        del gone
        torch.cuda.empty_cache()
        trace = torch.cuda.memory._snapshot()["device_traces"][0]
        told = [(entry["action"], entry["addr"], entry["size"]) for entry in trace if entry["action"].startswith("segment_")]
        self.assertEqual(told, [("segment_map", address, 40 * MIB), ("segment_unmap", address, 40 * MIB)])


if __name__ == "__main__":
    unittest.main()
