"""Private pools: torch.cuda.MemPool, use_mem_pool, and how they stay apart from the rest."""
import gc
import unittest

import torch

from support import *


def pool_segments(pool):
    return pool.snapshot()


@native_allocator
class Pools(ConformanceTest):
    def test_ids_differ(self):
        first, second = torch.cuda.MemPool(), torch.cuda.MemPool()
        self.assertNotEqual(first.id, second.id)
        self.assertNotEqual(torch.cuda.graph_pool_handle(), torch.cuda.graph_pool_handle())

    def test_memory_allocated_inside_belongs_to_the_pool(self):
        pool = torch.cuda.MemPool()
        with torch.cuda.use_mem_pool(pool):
            inside = block(30 * MIB)
        outside = block(30 * MIB)
        self.assertEqual([segment["address"] for segment in pool_segments(pool)], [inside.data_ptr()])
        by_pool = {tuple(segment["segment_pool_id"]): segment["total_size"] for segment in segments()}
        self.assertEqual(by_pool, {tuple(pool.id): 30 * MIB, (0, 0): 30 * MIB})
        del inside, outside

    def test_a_block_freed_inside_serves_only_the_pool(self):
        pool = torch.cuda.MemPool()
        with torch.cuda.use_mem_pool(pool):
            gone = block(30 * MIB)
        address = gone.data_ptr()
        del gone
        outside = block(30 * MIB)
        self.assertNotEqual(outside.data_ptr(), address)
        with torch.cuda.use_mem_pool(pool):
            self.assertEqual(block(30 * MIB).data_ptr(), address)

    def test_statistics_count_pools_too(self):
        pool = torch.cuda.MemPool()
        with torch.cuda.use_mem_pool(pool):
            inside = block(30 * MIB)
        self.assertEqual(torch.cuda.memory_allocated(), 30 * MIB)
        self.assertEqual(torch.cuda.memory_reserved(), 30 * MIB)
        del inside

    def test_a_dropped_pool_gives_its_memory_back(self):
        pool = torch.cuda.MemPool()
        with torch.cuda.use_mem_pool(pool):
            gone = block(30 * MIB)
        del gone
        free = torch.cuda.mem_get_info()[0]
        del pool
        gc.collect()
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_reserved(), 0)
        self.assertEqual(torch.cuda.mem_get_info()[0] - free, 30 * MIB)

    def test_only_the_thread_inside_uses_the_pool(self):
        import threading
        pool, seen = torch.cuda.MemPool(), []
        with torch.cuda.use_mem_pool(pool):
            thread = threading.Thread(target=lambda: seen.append(block(30 * MIB)))
            thread.start()
            thread.join()
        self.assertEqual(pool_segments(pool), [])
        self.assertEqual(len(seen), 1)

    def test_pools_nest(self):
        outer, inner = torch.cuda.MemPool(), torch.cuda.MemPool()
        with torch.cuda.use_mem_pool(outer):
            first = block(30 * MIB)
            with torch.cuda.use_mem_pool(inner):
                second = block(30 * MIB)
            third = block(30 * MIB)
        self.assertEqual({segment["address"] for segment in pool_segments(outer)}, {first.data_ptr(), third.data_ptr()})
        self.assertEqual({segment["address"] for segment in pool_segments(inner)}, {second.data_ptr()})

    def test_a_snapshot_of_one_pool_holds_its_segments_alone(self):
        pool = torch.cuda.MemPool()
        with torch.cuda.use_mem_pool(pool):
            inside = [block(size) for size in (512, 3 * MIB, 40 * MIB)]
        outside = block(40 * MIB)
        self.assertEqual(sum(segment["allocated_size"] for segment in pool_segments(pool)), sum(map(len, inside)))
        self.assertNotIn(outside.data_ptr(), [segment["address"] for segment in pool_segments(pool)])

    @classic_segments
    def test_a_pool_gives_way_to_an_out_of_memory_when_it_may(self):
        total = torch.cuda.mem_get_info()[1]
        torch.cuda.set_per_process_memory_fraction(100 * MIB / total)
        self.addCleanup(torch.cuda.set_per_process_memory_fraction, 1.0)
        for may in (True, False):
            pool = torch.cuda.MemPool(use_on_oom=may)
            with torch.cuda.use_mem_pool(pool):
                gone = block(60 * MIB)
            address = gone.data_ptr()
            del gone
            if may:
                self.assertEqual(block(60 * MIB).data_ptr(), address)
            else:
                with self.assertRaises(torch.OutOfMemoryError):
                    block(60 * MIB)
            del pool
            gc.collect()
            torch.cuda.empty_cache()


if __name__ == "__main__":
    unittest.main()
