"""What happens when memory runs out: the retry, the exception and its numbers, the limits a process sets itself, and who is told."""
import re
import unittest

import torch

from support import *

UNITS = {"bytes": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB}


def sizes_after(words, text):
    """The size that follows `words` in an error text, with the half unit that its two decimals may hide."""
    number, unit = re.search(re.escape(words) + r"\s*([\d.]+) (bytes|KiB|MiB|GiB)", text).groups()
    return float(number) * UNITS[unit], 0.0051 * UNITS[unit]


def free_bytes():
    return torch.cuda.mem_get_info()[0]


class OutOfMemory(ConformanceTest):
    def setUp(self):
        super().setUp()
        torch.cuda.set_per_process_memory_fraction(1.0)

    def fail_to_allocate(self, size):
        with self.assertRaises(torch.OutOfMemoryError) as caught:
            block(size)
        return str(caught.exception)

    def assertSaid(self, text, words, expected):
        said, tolerance = sizes_after(words, text)
        self.assertAlmostEqual(said, expected, delta=tolerance, msg=f"{words}: {text}")

    def test_more_than_the_device_has_is_refused_and_nothing_is_left_behind(self):
        before = free_bytes()
        self.fail_to_allocate(torch.cuda.mem_get_info()[1] + GIB)
        self.assertEqual(torch.cuda.memory_allocated(), 0)
        self.assertEqual(torch.cuda.memory_reserved(), 0)
        self.assertEqual(free_bytes(), before)

    @native_allocator
    def test_the_text_states_request_capacity_free_and_allocated(self):
        kept = block(300 * MIB)
        gone = block(100 * MIB)
        del gone
        total = torch.cuda.mem_get_info()[1]
        text = self.fail_to_allocate(total)
        self.assertTrue(text.startswith("CUDA out of memory."))
        self.assertSaid(text, "Tried to allocate", total)
        self.assertSaid(text, "has a total capacity of", total)
        self.assertSaid(text, "of which", free_bytes())
        self.assertSaid(text, "Of the allocated memory", kept.numel())
        self.assertSaid(text, "is allocated by PyTorch, and", torch.cuda.memory_reserved() - kept.numel())
        self.assertIn("GPU 0 has", text)
        advice = "PYTORCH_ALLOC_CONF=expandable_segments:True"
        if EXPANDABLE and TORCH_VERSION >= (2, 15):
            advice = "expandable_segments is enabled"
        self.assertIn(advice, text.replace("PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF"))

    @native_allocator
    def test_the_text_counts_this_process_among_those_on_the_device(self):
        kept = block(300 * MIB)
        total = torch.cuda.mem_get_info()[1]
        text = self.fail_to_allocate(total)
        self.assertIn("this process has", text)
        said, tolerance = sizes_after("this process has", text)
        self.assertGreaterEqual(said + tolerance, kept.numel())
        self.assertLessEqual(said - tolerance, total - free_bytes())

    @native_allocator
    def test_the_exception_is_a_runtime_error_that_can_be_caught_and_survived(self):
        with self.assertRaises(RuntimeError):
            block(torch.cuda.mem_get_info()[1] + GIB)
        self.assertEqual(block(MIB).numel(), MIB)
        torch.cuda.synchronize()

    @native_allocator
    def test_an_out_of_memory_counts(self):
        with self.assertGrows("num_ooms", 1):
            self.fail_to_allocate(torch.cuda.mem_get_info()[1] + GIB)

    @native_allocator
    @classic_segments
    def test_cached_blocks_are_given_back_before_giving_up(self):
        gone = block(GIB)
        del gone
        with self.assertGrows("num_alloc_retries", 1), self.assertGrows("num_ooms", 0):
            kept = block(free_bytes() + 512 * MIB)
        self.assertGreater(kept.numel(), GIB)

    @native_allocator
    def test_a_retry_that_cannot_help_still_fails(self):
        with self.assertGrows("num_alloc_retries", 1), self.assertGrows("num_ooms", 1):
            self.fail_to_allocate(free_bytes() + GIB)

    @needs_virtual
    @classic_segments
    def test_the_device_can_be_filled_to_its_last_page(self):
        kept = block(free_bytes() // (2 * MIB) * (2 * MIB))
        self.assertLess(free_bytes(), 2 * MIB)
        self.fail_to_allocate(2 * MIB)
        del kept

    @native_allocator
    def test_an_operator_that_runs_out_leaves_its_inputs_intact(self):
        torch.cuda.set_per_process_memory_fraction(100 * MIB / torch.cuda.mem_get_info()[1])
        left, right = block(40 * MIB), block(40 * MIB)
        with self.assertRaises(torch.OutOfMemoryError):
            torch.add(left, right)
        self.assertEqual(torch.cuda.memory_allocated(), 80 * MIB)
        torch.cuda.set_per_process_memory_fraction(1.0)
        self.assertEqual(torch.add(left, right).numel(), 40 * MIB)


@native_allocator
class Fraction(ConformanceTest):
    def setUp(self):
        super().setUp()
        self.total = torch.cuda.mem_get_info()[1]
        self.addCleanup(torch.cuda.set_per_process_memory_fraction, 1.0)

    def test_a_process_is_kept_below_its_share(self):
        torch.cuda.set_per_process_memory_fraction(0.5)
        kept = block(int(self.total * 0.499))
        with self.assertRaisesRegex(torch.OutOfMemoryError, "allowed"):
            block(int(self.total * 0.01))
        del kept
        torch.cuda.empty_cache()
        with self.assertRaises(torch.OutOfMemoryError):
            block(int(self.total * 0.501))

    def test_the_share_is_read_back(self):
        torch.cuda.set_per_process_memory_fraction(0.25)
        self.assertEqual(torch.cuda.get_per_process_memory_fraction(), 0.25)

    def test_a_share_outside_0_to_1_is_refused(self):
        for share in (-0.1, 1.1):
            with self.assertRaises(ValueError):
                torch.cuda.set_per_process_memory_fraction(share)
        with self.assertRaises(TypeError):
            torch.cuda.set_per_process_memory_fraction(1)

    def test_the_share_counts_what_is_reserved_not_what_is_used(self):
        torch.cuda.set_per_process_memory_fraction(60 * MIB / self.total)
        kept = [block(MIB + 512) for _ in range(3)]  # one segment of 20 MiB
        self.assertEqual(block(40 * MIB).numel(), 40 * MIB)
        self.assertEqual(torch.cuda.memory_allocated(), 3 * (MIB + 512))
        torch.cuda.empty_cache()
        with self.assertRaises(torch.OutOfMemoryError):
            block(42 * MIB)
        del kept


@native_allocator
class Observers(ConformanceTest):
    def test_an_observer_learns_device_segment_wanted_total_and_free(self):
        calls = []
        torch._C._cuda_attach_out_of_memory_observer(lambda *numbers: calls.append(numbers))
        total = torch.cuda.mem_get_info()[1]
        with self.assertRaises(torch.OutOfMemoryError):
            block(total + GIB)
        self.assertEqual(len(calls), 1)
        device, request, known_total, free = calls[0]
        self.assertEqual((device, request, known_total), (0, rounded(total + GIB, 2 * MIB), total))
        self.assertEqual(free, free_bytes())

    def test_a_retry_that_succeeds_calls_no_observer(self):
        calls = []
        torch._C._cuda_attach_out_of_memory_observer(lambda *numbers: calls.append(numbers))
        gone = block(GIB)
        del gone
        kept = block(free_bytes() + 512 * MIB)
        self.assertEqual(calls, [])
        del kept


class EmptyCache(ConformanceTest):
    def test_what_is_given_back_can_be_seen_from_outside(self):
        before = free_bytes()
        gone = block(60 * MIB)
        self.assertEqual(before - free_bytes(), 60 * MIB)
        del gone
        torch.cuda.empty_cache()
        self.assertEqual(free_bytes(), before)

    @native_allocator
    def test_freeing_alone_gives_the_device_nothing_back(self):
        before = free_bytes()
        gone = block(60 * MIB)
        del gone
        self.assertEqual(before - free_bytes(), 60 * MIB)

    def test_an_empty_cache_can_be_emptied(self):
        torch.cuda.empty_cache()
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_reserved(), 0)


if __name__ == "__main__":
    unittest.main()
