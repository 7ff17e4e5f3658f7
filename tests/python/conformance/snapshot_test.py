"""torch.cuda.memory_snapshot() tells the same story as the statistics and the device, whatever happened before."""
import random
import unittest

import torch

from support import *


def total(name, **only):
    return sum(segment[name] for segment in segments() if all(segment[key] == value for key, value in only.items()))


class Snapshot(ConformanceTest):
    """Called from the fuzz too: `assertConsistent` is the sum rule of the whole allocator."""

    def assertConsistent(self):
        for segment in segments():
            self.assertSegmentAddsUp(segment)
        for pool, kind in (("small_pool", "small"), ("large_pool", "large")):
            self.assertEqual(total("total_size", segment_type=kind), stat(f"reserved_bytes.{pool}.current"))
            self.assertEqual(total("allocated_size", segment_type=kind), stat(f"allocated_bytes.{pool}.current"))
            self.assertEqual(total("active_size", segment_type=kind), stat(f"active_bytes.{pool}.current"))
            self.assertEqual(total("requested_size", segment_type=kind), stat(f"requested_bytes.{pool}.current"))
            if not EXPANDABLE:  # else parts of one range, which the statistics count in another way
                self.assertEqual(sum(1 for segment in segments() if segment["segment_type"] == kind),
                                 stat(f"segment.{pool}.current"))
        self.assertRangesAreApart()

    def assertSegmentAddsUp(self, segment):
        address = segment["address"]
        for part in segment["blocks"]:
            self.assertEqual(part["address"], address, "blocks follow each other")
            if part["state"] != "inactive":
                self.assertLessEqual(part["requested_size"], part["size"])
            self.assertEqual(part["size"] % MIN_BLOCK, 0)
            address += part["size"]
        self.assertEqual(address - segment["address"], segment["total_size"])
        by_state = {state: sum(part["size"] for part in segment["blocks"] if part["state"] == state)
                    for state in ("active_allocated", "active_pending_free", "inactive")}
        self.assertEqual(by_state["active_allocated"], segment["allocated_size"])
        self.assertEqual(by_state["active_allocated"] + by_state["active_pending_free"], segment["active_size"])
        self.assertEqual(sum(by_state.values()), segment["total_size"])
        self.assertNoFreeNeighbours(segment)

    def assertNoFreeNeighbours(self, segment):
        states = [part["state"] for part in segment["blocks"]]
        for left, right in zip(states, states[1:]):
            self.assertFalse(left == right == "inactive", "free neighbours are merged")

    def assertRangesAreApart(self):
        ranges = sorted((segment["address"], segment["address"] + segment["total_size"]) for segment in segments())
        for (_, end), (start, _) in zip(ranges, ranges[1:]):
            self.assertLessEqual(end, start)


@native_allocator
class Consistency(Snapshot):
    def test_an_empty_allocator_has_no_segment(self):
        self.assertEqual(segments(), [])

    def test_a_tensor_is_found_at_its_address_with_its_size(self):
        tensor = block(3 * MIB + 5)
        found = [part for segment in segments() for part in segment["blocks"] if part["address"] == tensor.data_ptr()]
        self.assertEqual([(part["state"], part["size"], part["requested_size"]) for part in found],
                         [("active_allocated", rounded(3 * MIB + 5), 3 * MIB + 5)])

    def test_segments_say_device_and_stream(self):
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            kept = block(30 * MIB)
        on_default = block(30 * MIB)
        self.assertEqual(sorted(segment["stream"] for segment in segments()), sorted((0, stream.cuda_stream)))
        self.assertEqual({segment["device"] for segment in segments()}, {0})
        del kept, on_default

    def test_reserved_memory_is_what_the_device_lacks(self):
        torch.cuda.empty_cache()
        before = torch.cuda.mem_get_info()[0]
        kept = [block(size) for size in (1, 3 * MIB, 50 * MIB, 300 * MIB)]
        self.assertEqual(before - torch.cuda.mem_get_info()[0], torch.cuda.memory_reserved())
        self.assertEqual(total("total_size"), torch.cuda.memory_reserved())
        del kept

    def test_the_sums_hold_after_any_sequence_of_allocations_and_frees(self):
        for seed in range(8):
            generator = random.Random(seed)
            kept = []
            for step in range(400):
                self.one_step(generator, kept)
                if step % 40 == 0:
                    self.assertConsistent()
                    self.assertEqual(sum(rounded(tensor.numel()) for tensor in kept if tensor.numel()), self.least_allocated(kept))
            self.assertConsistent()
            kept.clear()
            torch.cuda.empty_cache()
            self.assertEqual(segments(), [], seed)

    def least_allocated(self, kept):
        """The blocks' sizes less what was not split off: equal to the sum of the rounded requests."""
        addresses = {tensor.data_ptr(): rounded(tensor.numel()) for tensor in kept if tensor.numel()}
        sizes = {part["address"]: part["size"] for segment in segments() for part in segment["blocks"]
                 if part["state"] == "active_allocated"}
        self.assertEqual(set(addresses), set(sizes))
        for address, size in sizes.items():
            self.assertLessEqual(size - addresses[address], MIB, "what was not split off is at most 1 MiB")
        return sum(addresses.values())

    def one_step(self, generator, kept):
        if kept and generator.random() < 0.45:
            kept.pop(generator.randrange(len(kept)))
        elif generator.random() < 0.02:
            torch.cuda.empty_cache()
        else:
            size = int(2 ** generator.uniform(0, 26))
            stream = generator.choice((None, None, self.side_stream()))
            with torch.cuda.stream(stream):
                kept.append(block(size))

    def side_stream(self):
        if not hasattr(self, "stream"):
            self.stream = torch.cuda.Stream()
        return self.stream


if __name__ == "__main__":
    unittest.main()
