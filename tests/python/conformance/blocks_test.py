"""How PyTorch's allocator cuts segments into blocks: rounding, splits, merges, best fit, and the settings that steer them."""
import unittest

import torch

from support import *


def reserved_for(size):
    """What an empty allocator reserves for one block of that size."""
    if size <= SMALL_LIMIT:
        return SMALL_SEGMENT
    return LARGE_SEGMENT if rounded(size) < LARGE_LIMIT else rounded(size, 2 * MIB)


def blocks_of(segment):
    return [(part["state"], part["size"]) for part in segment["blocks"]]


@native_allocator
class Rounding(ConformanceTest):
    def test_blocks_are_multiples_of_512_bytes(self):
        for size in (1, 511, 512, 513, 1024, 1025, 123_456, MIB - 1, MIB + 1, 11 * MIB + 3):
            with self.subTest(size=size):
                with self.assertGrows("allocated_bytes.all.current", rounded(size)):
                    tensor = block(size)
                del tensor

    @classic_segments
    def test_an_empty_allocator_reserves_by_the_size_of_the_request(self):
        for size in (1, MIB, MIB + 1, 10 * MIB - 1, 10 * MIB, 10 * MIB + 1, 20 * MIB, 21 * MIB + 512, 1 * GIB - 1):
            with self.subTest(size=size):
                tensor = block(size)
                self.assertEqual(torch.cuda.memory_reserved(), reserved_for(size))
                del tensor
                torch.cuda.empty_cache()

    def test_requests_round_up_to_steps_between_powers_of_two_when_asked(self):
        with allocator_settings("roundup_power2_divisions:4", "roundup_power2_divisions:1"):
            for size, block_size in ((1200, 1536), (2048, 2048), (2100, 2560), (2600, 3072), (4096, 4096), (4097, 5120),
                                     (5 * MIB + 1, 6 * MIB), (7 * MIB - 1, 7 * MIB)):
                with self.subTest(size=size):
                    with self.assertGrows("allocated_bytes.all.current", block_size):
                        tensor = block(size)
                    del tensor

    def test_each_range_of_sizes_has_its_own_number_of_steps(self):
        with allocator_settings("roundup_power2_divisions:[256:1,512:2,1024:4,>:8]", "roundup_power2_divisions:1"):
            for size, block_size in ((300 * MIB, 300 * MIB), (600 * MIB, 768 * MIB), (1100 * MIB, 1280 * MIB),
                                     (2049 * MIB, 2304 * MIB)):
                with self.subTest(size=size):
                    with self.assertGrows("allocated_bytes.all.current", block_size):
                        tensor = block(size)
                    del tensor

    def test_requested_bytes_do_not_round(self):
        with allocator_settings("roundup_power2_divisions:2", "roundup_power2_divisions:1"):
            with self.assertGrows("requested_bytes.all.current", 5 * MIB + 7):
                tensor = block(5 * MIB + 7)
            del tensor


@native_allocator
@classic_segments
class Splitting(ConformanceTest):
    def test_small_blocks_share_a_segment_in_rising_order(self):
        kept = [block(512) for _ in range(4)]
        addresses = [tensor.data_ptr() for tensor in kept]
        self.assertEqual([address - addresses[0] for address in addresses], [0, 512, 1024, 1536])
        self.assertEqual(torch.cuda.memory_reserved(), SMALL_SEGMENT)
        self.assertEqual(blocks_of(segments()[0]), [("active_allocated", 512)] * 4 + [("inactive", SMALL_SEGMENT - 2048)])

    def test_a_small_segment_is_used_to_its_last_block(self):
        kept = [block(512) for _ in range(SMALL_SEGMENT // 512)]
        self.assertEqual(torch.cuda.memory_reserved(), SMALL_SEGMENT)
        one_more = block(512)
        self.assertEqual(torch.cuda.memory_reserved(), 2 * SMALL_SEGMENT)
        self.assertEqual(len(kept) * 512 + one_more.numel(), torch.cuda.memory_allocated())

    def test_a_large_block_is_split_only_when_more_than_1_mib_remains(self):
        first = block(10 * MIB - 512)
        with self.assertGrows("allocated_bytes.all.current", 9 * MIB):
            rest = block(9 * MIB)
        del first, rest
        torch.cuda.empty_cache()
        first = block(10 * MIB - 512)
        with self.assertGrows("allocated_bytes.all.current", 10 * MIB + 512):
            rest = block(9 * MIB + 512)  # leaves exactly 1 MiB: the whole rest is taken
        self.assertEqual(torch.cuda.memory_reserved(), LARGE_SEGMENT)
        del first, rest

    def test_a_request_of_10_mib_and_more_gets_a_segment_in_steps_of_2_mib_all_its_own(self):
        with self.assertGrows("allocated_bytes.all.current", 12 * MIB):
            tensor = block(11 * MIB)
        self.assertEqual(blocks_of(segments()[0]), [("active_allocated", 12 * MIB)])
        del tensor

    def test_a_segment_more_than_1_mib_too_large_is_split(self):
        with self.assertGrows("allocated_bytes.all.current", 11 * MIB - 512):
            tensor = block(11 * MIB - 512)
        self.assertEqual(blocks_of(segments()[0]), [("active_allocated", 11 * MIB - 512), ("inactive", MIB + 512)])
        del tensor

    def test_free_neighbours_merge_in_any_order(self):
        for order in ((0, 1, 2), (2, 1, 0), (0, 2, 1), (1, 0, 2)):
            with self.subTest(order=order):
                kept = [block(512) for _ in range(3)]
                for index in order:
                    kept[index] = None
                self.assertEqual(blocks_of(segments()[0]), [("inactive", SMALL_SEGMENT)])
                self.assertEqual(stat("inactive_split_bytes.all.current"), 0)

    def test_a_free_block_between_two_used_ones_counts_as_inactive_split(self):
        kept = [block(1024) for _ in range(3)]
        kept[1] = None
        self.assertEqual(stat("inactive_split.all.current"), 2)  # the gap and the rest of the segment
        self.assertEqual(stat("inactive_split_bytes.all.current"), SMALL_SEGMENT - 2048)

    def test_the_smallest_free_block_that_fits_is_taken(self):
        kept = [block(size) for size in (4096, 512, 2048, 512, 8192, 512)]
        address = kept[2].data_ptr()
        kept[0] = kept[2] = kept[4] = None
        self.assertEqual(block(2048).data_ptr(), address)
        self.assertEqual(block(1536).data_ptr(), address)

    def test_among_equal_free_blocks_the_lowest_address_is_taken(self):
        kept = [block(1024) for _ in range(5)]
        lowest = kept[1].data_ptr()
        kept[3] = None
        kept[1] = None
        self.assertEqual(block(1024).data_ptr(), lowest)

    def test_a_segment_with_a_used_block_survives_empty_cache(self):
        kept, gone = block(512), block(512)
        other = block(50 * MIB)
        del gone, other
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_reserved(), SMALL_SEGMENT)
        del kept
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_reserved(), 0)

    def test_small_requests_never_take_large_segments(self):
        large = block(15 * MIB)
        del large
        with self.assertGrows("reserved_bytes.small_pool.current", SMALL_SEGMENT):
            small = block(512)
        del small

    def test_a_freed_segment_is_used_again_without_asking_the_device(self):
        gone = block(100 * MIB)
        address = gone.data_ptr()
        del gone
        before = stat("num_device_alloc")
        self.assertEqual(block(100 * MIB).data_ptr(), address)
        self.assertEqual(stat("num_device_alloc"), before)

    def test_each_stream_has_its_own_free_blocks(self):
        gone = block(100 * MIB)
        del gone
        with torch.cuda.stream(torch.cuda.Stream()):
            with self.assertGrows("reserved_bytes.all.current", 100 * MIB):
                other = block(100 * MIB)
        del other


@native_allocator
@classic_segments
class SplitLimit(ConformanceTest):
    """max_split_size_mb: larger blocks are never split, and serve only requests nearly as large."""

    def test_an_oversize_block_is_not_split_for_a_small_request(self):
        with allocator_settings("max_split_size_mb:50", "max_split_size_mb:17592186044415"):
            gone = block(200 * MIB)
            del gone
            with self.assertGrows("reserved_bytes.all.current", LARGE_SEGMENT):
                small = block(5 * MIB)
            with self.assertGrows("reserved_bytes.all.current", 60 * MIB):
                larger = block(60 * MIB)  # more than 20 MiB smaller than the cached block: not given
            del small, larger

    def test_an_oversize_block_serves_a_request_nearly_as_large_whole(self):
        with allocator_settings("max_split_size_mb:50", "max_split_size_mb:17592186044415"):
            gone = block(200 * MIB)
            del gone
            with self.assertGrows("reserved_bytes.all.current", 0), self.assertGrows("allocated_bytes.all.current", 200 * MIB):
                near = block(190 * MIB)
            del near

    def test_oversize_allocations_and_segments_are_counted(self):
        with allocator_settings("max_split_size_mb:50", "max_split_size_mb:17592186044415"):
            with self.assertGrows("oversize_allocations.current", 1), self.assertGrows("oversize_segments.current", 1):
                over = block(51 * MIB)
                under = block(47 * MIB)
            del over, under


@native_allocator
@classic_segments
class GarbageCollection(ConformanceTest):
    """garbage_collection_threshold: above that share of the allowed memory, long unused blocks are given back first. Each in a
    process of its own: once set, the threshold cannot be taken back."""

    PROGRAM = """
        from support import *
        torch.cuda.set_per_process_memory_fraction(200 * MIB / torch.cuda.mem_get_info()[1])
        gone = block(30 * MIB)
        del gone
        kept = [block(size * MIB) for size in (40, 50, 52)]
        print(torch.cuda.memory_reserved() // MIB, stat("num_alloc_retries"))
    """

    def test_long_unused_blocks_go_back_when_the_threshold_is_passed(self):
        self.assertEqual(run(self.PROGRAM, PYTORCH_CUDA_ALLOC_CONF="garbage_collection_threshold:0.5").split(), ["142", "0"])

    def test_without_a_threshold_they_stay_until_memory_runs_out(self):
        self.assertEqual(run(self.PROGRAM, PYTORCH_CUDA_ALLOC_CONF="").split(), ["172", "0"])
        program = self.PROGRAM.replace("52", "100")
        self.assertEqual(run(program, PYTORCH_CUDA_ALLOC_CONF="").split(), ["190", "1"])


if __name__ == "__main__":
    unittest.main()
