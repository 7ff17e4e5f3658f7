"""Pinned host memory: what is pinned, and PyTorch's caching allocator for it."""
import gc
import threading
import unittest

import torch

from support import *


def host_stat(name):
    return torch.cuda.host_memory_stats()[name]


class Pinned(ConformanceTest):
    def setUp(self):
        super().setUp()
        gc.collect()
        torch._C._host_emptyCache()
        torch.cuda.reset_peak_host_memory_stats()
        torch.cuda.reset_accumulated_host_memory_stats()

    def test_only_pinned_tensors_say_so(self):
        plain = torch.empty(1000)
        self.assertFalse(plain.is_pinned())
        self.assertTrue(plain.pin_memory().is_pinned())
        self.assertTrue(torch.empty(1000, pin_memory=True).is_pinned())
        self.assertFalse(torch.empty(1000, device="cuda").is_pinned())

    def test_views_of_pinned_memory_are_pinned(self):
        self.assertTrue(torch.empty(1000, pin_memory=True)[500:].is_pinned())

    def test_pinning_a_pinned_tensor_copies_nothing(self):
        tensor = torch.empty(1000, pin_memory=True)
        self.assertEqual(tensor.pin_memory().data_ptr(), tensor.data_ptr())

    def test_sizes_are_rounded_to_powers_of_two(self):
        before = host_stat("allocated_bytes.current")
        kept = torch.empty(3 * MIB, dtype=torch.uint8, pin_memory=True)
        self.assertEqual(host_stat("allocated_bytes.current") - before, 4 * MIB)
        self.assertEqual(host_stat("allocations.current") > 0, True)
        del kept

    def test_freed_pinned_memory_is_kept_and_used_again(self):
        gone = torch.empty(3 * MIB, dtype=torch.uint8, pin_memory=True)
        address = gone.data_ptr()
        del gone
        allocations = host_stat("num_host_alloc")
        again = torch.empty(4 * MIB, dtype=torch.uint8, pin_memory=True)
        self.assertEqual(again.data_ptr(), address)
        self.assertEqual(host_stat("num_host_alloc"), allocations)

    def test_an_emptied_cache_frees_it(self):
        gone = torch.empty(3 * MIB, dtype=torch.uint8, pin_memory=True)
        del gone
        before = host_stat("num_host_free")
        torch._C._host_emptyCache()
        self.assertEqual(host_stat("num_host_free") - before, 1)
        self.assertEqual(host_stat("allocated_bytes.current"), 0)

    def test_a_block_in_use_by_a_copy_is_not_given_out_before_the_copy_is_done(self):
        pinned = torch.empty(MIB, dtype=torch.uint8, pin_memory=True)
        address = pinned.data_ptr()
        target = block(MIB)
        torch.cuda._sleep(int(50 * cycles_of_a_millisecond()))
        target.copy_(pinned, non_blocking=True)
        del pinned
        other = torch.empty(MIB, dtype=torch.uint8, pin_memory=True)
        self.assertNotEqual(other.data_ptr(), address)
        torch.cuda.synchronize()
        del other
        third = [torch.empty(MIB, dtype=torch.uint8, pin_memory=True) for _ in range(2)]
        self.assertIn(address, [tensor.data_ptr() for tensor in third])

    def test_registered_memory_of_the_program_is_pinned(self):
        tensor = torch.zeros(4096)
        runtime = torch.cuda.cudart()
        self.assertEqual(int(runtime.cudaHostRegister(tensor.data_ptr(), 4096 * 4, 0)), 0)
        self.assertTrue(tensor.is_pinned())
        self.assertEqual(int(runtime.cudaHostUnregister(tensor.data_ptr())), 0)
        self.assertFalse(tensor.is_pinned())

    def test_threads_pin_at_the_same_time(self):
        kept, threads = [], []
        for _ in range(8):
            threads.append(threading.Thread(target=lambda: kept.extend(torch.empty(MIB, pin_memory=True) for _ in range(4))))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({tensor.data_ptr() for tensor in kept}), 32)
        self.assertTrue(all(tensor.is_pinned() for tensor in kept))

    def test_a_data_loader_pins_its_batches(self):
        data = torch.utils.data.TensorDataset(torch.arange(64.0))
        for workers in (0, 2):
            loader = torch.utils.data.DataLoader(data, batch_size=16, pin_memory=True, num_workers=workers)
            batches = [batch for (batch,) in loader]
            self.assertTrue(all(batch.is_pinned() for batch in batches))
            self.assertEqual(torch.cat(batches).sum().item(), sum(range(64)))

    @needs_values
    def test_bytes_come_back_as_they_went(self):
        there = torch.arange(1000, pin_memory=True).to("cuda", non_blocking=True)
        self.assertEqual(there.cpu().tolist(), list(range(1000)))


if __name__ == "__main__":
    unittest.main()
