"""Several devices: each has its own memory, statistics and limits; copies between them; which of them a process sees."""
import unittest

import torch

from support import *


def on(device, size):
    return torch.empty(size, dtype=torch.uint8, device=f"cuda:{device}")


@needs_devices(2)
class Devices(ConformanceTest):
    def setUp(self):
        super().setUp()
        for device in range(torch.cuda.device_count()):
            with torch.cuda.device(device):
                torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)

    def test_memory_of_a_device_is_its_own(self):
        free = [torch.cuda.mem_get_info(device)[0] for device in (0, 1)]
        kept = on(1, 64 * MIB)
        self.assertEqual(torch.cuda.mem_get_info(0)[0], free[0])
        self.assertEqual(free[1] - torch.cuda.mem_get_info(1)[0], kept.numel())

    def test_statistics_of_a_device_are_its_own(self):
        kept = [on(0, 3 * MIB), on(1, 5 * MIB)]
        self.assertEqual([torch.cuda.memory_allocated(device) for device in (0, 1)], [3 * MIB, 5 * MIB])
        torch.cuda.reset_peak_memory_stats(0)
        gone = on(1, 50 * MIB)
        del gone
        self.assertEqual([torch.cuda.max_memory_allocated(device) for device in (0, 1)], [3 * MIB, 55 * MIB])
        del kept

    def test_the_snapshot_says_which_device(self):
        kept = [on(0, 30 * MIB), on(1, 40 * MIB)]
        self.assertEqual({(segment["device"], segment["total_size"]) for segment in segments()}, {(0, 30 * MIB), (1, 40 * MIB)})
        del kept

    def test_addresses_of_devices_differ(self):
        kept = [on(device, 30 * MIB) for device in range(torch.cuda.device_count())]
        self.assertEqual(len({tensor.data_ptr() for tensor in kept}), torch.cuda.device_count())

    def test_a_limit_holds_for_its_device(self):
        total = torch.cuda.mem_get_info(1)[1]
        torch.cuda.set_per_process_memory_fraction(64 * MIB / total, 1)
        self.addCleanup(torch.cuda.set_per_process_memory_fraction, 1.0, 1)
        self.assertEqual(on(0, 128 * MIB).numel(), 128 * MIB)
        with self.assertRaisesRegex(torch.OutOfMemoryError, "GPU 1"):
            on(1, 128 * MIB)

    def test_a_copy_to_a_peer_takes_memory_there(self):
        source = on(0, 30 * MIB)
        copy = source.to("cuda:1")
        self.assertEqual([torch.cuda.memory_allocated(device) for device in (0, 1)], [30 * MIB, 30 * MIB])
        copy.copy_(source, non_blocking=True)
        torch.cuda.synchronize(1)

    def test_devices_can_reach_each_other(self):
        self.assertIn(torch.cuda.can_device_access_peer(0, 1), (True, False))
        with self.assertRaises((AssertionError, RuntimeError)):
            torch.cuda.can_device_access_peer(0, torch.cuda.device_count())

    def test_the_current_device_is_kept_by_the_guard(self):
        with torch.cuda.device(1):
            self.assertEqual(torch.cuda.current_device(), 1)
            self.assertEqual(torch.empty(1, device="cuda").device.index, 1)
        self.assertEqual(torch.cuda.current_device(), 0)

    def test_streams_and_events_belong_to_a_device(self):
        with torch.cuda.device(1):
            side = torch.cuda.Stream()
            event = side.record_event()
        self.assertEqual((side.device.index, event.device.index), (1, 1))
        event.synchronize()

    def test_an_event_of_another_device_can_be_waited_for(self):
        with torch.cuda.device(1):
            event = torch.cuda.Event()
            event.record()
        torch.cuda.current_stream(0).wait_event(event)
        torch.cuda.synchronize(0)

    def test_properties_are_those_of_one_model(self):
        first, second = (torch.cuda.get_device_properties(device) for device in (0, 1))
        self.assertNotEqual(first.uuid, second.uuid)
        self.assertNotEqual(first.pci_bus_id, second.pci_bus_id)

    def test_a_model_replicated_by_data_parallel_runs_on_all(self):
        model = torch.nn.DataParallel(torch.nn.Linear(64, 64).cuda())
        model(torch.empty(32, 64, device="cuda")).sum().backward()
        self.assertGreater(torch.cuda.max_memory_allocated(1), 64 * 64 * 4)

    def test_a_pool_of_devices_runs_out_one_by_one(self):
        free, total = torch.cuda.mem_get_info(1)
        with self.assertRaisesRegex(torch.OutOfMemoryError, "GPU 1"):
            on(1, total + GIB)
        self.assertEqual(on(0, GIB).numel(), GIB)


@needs_devices(2)
class Visibility(unittest.TestCase):
    def test_only_visible_devices_are_counted_in_their_order(self):
        count = "import torch; print(torch.cuda.device_count())"
        self.assertEqual(run(count, CUDA_VISIBLE_DEVICES="1").strip(), "1")
        self.assertEqual(run(count, CUDA_VISIBLE_DEVICES="").strip(), "0")
        self.assertEqual(run(count, CUDA_VISIBLE_DEVICES="0,-1,1").strip(), "1")
        name = "import torch; print(torch.cuda.get_device_properties(0).uuid)"
        uuids = [run(name, CUDA_VISIBLE_DEVICES=order).strip() for order in ("0,1", "1,0")]
        self.assertNotEqual(*uuids)
        self.assertEqual(run(name, CUDA_VISIBLE_DEVICES=f"GPU-{uuids[1]}").strip(), uuids[1])


if __name__ == "__main__":
    unittest.main()
