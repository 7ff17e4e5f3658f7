"""NVML, and what PyTorch and pynvml make of it."""
import os
import unittest

import pynvml
import torch

from support import *


class Nvml(ConformanceTest):
    def setUp(self):
        super().setUp()
        pynvml.nvmlInit()
        self.addCleanup(pynvml.nvmlShutdown)
        self.handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(0).uuid}")

    def test_devices_are_counted_and_named_as_the_runtime_does(self):
        self.assertGreaterEqual(pynvml.nvmlDeviceGetCount(), torch.cuda.device_count())
        self.assertEqual(pynvml.nvmlDeviceGetName(self.handle), torch.cuda.get_device_name(0))
        self.assertEqual(pynvml.nvmlDeviceGetCudaComputeCapability(self.handle), torch.cuda.get_device_capability(0))
        self.assertLessEqual(pynvml.nvmlSystemGetCudaDriverVersion() // 1000, 99)

    def test_a_device_is_found_by_index_uuid_and_bus(self):
        index = pynvml.nvmlDeviceGetIndex(self.handle)
        uuid = pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index))
        self.assertEqual(uuid, pynvml.nvmlDeviceGetUUID(self.handle))
        bus = pynvml.nvmlDeviceGetPciInfo(self.handle).busId
        self.assertEqual(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByPciBusId(bus)), uuid)
        self.assertEqual(pynvml.nvmlDeviceGetPciInfo(self.handle).bus, torch.cuda.get_device_properties(0).pci_bus_id)

    def test_what_does_not_exist_is_not_found(self):
        with self.assertRaises(pynvml.NVMLError_InvalidArgument):
            pynvml.nvmlDeviceGetHandleByIndex(pynvml.nvmlDeviceGetCount())
        with self.assertRaises(pynvml.NVMLError):
            pynvml.nvmlDeviceGetHandleByUUID("GPU-00000000-0000-0000-0000-000000000000")

    def test_used_memory_grows_by_what_is_reserved(self):
        before = pynvml.nvmlDeviceGetMemoryInfo(self.handle)
        kept = block(256 * MIB)
        after = pynvml.nvmlDeviceGetMemoryInfo(self.handle)
        self.assertEqual(after.used - before.used, kept.numel())
        self.assertEqual(before.free - after.free, kept.numel())

    @needs_virtual
    def test_memory_is_that_of_the_runtime(self):
        kept = block(256 * MIB)
        free, total = torch.cuda.mem_get_info()
        info = pynvml.nvmlDeviceGetMemoryInfo(self.handle)
        self.assertEqual((info.free, info.total, info.used), (free, total, total - free))
        second = pynvml.nvmlDeviceGetMemoryInfo(self.handle, version=pynvml.nvmlMemory_v2)
        self.assertEqual((second.free, second.total, second.used, second.reserved), (free, total, total - free, 0))
        self.assertEqual(torch.cuda.device_memory_used(0), total - free)
        del kept

    def test_this_process_is_listed_with_its_memory(self):
        kept = block(256 * MIB)
        listed = {process.pid: process.usedGpuMemory for process in pynvml.nvmlDeviceGetComputeRunningProcesses(self.handle)}
        if os.getpid() not in listed:
            self.skipTest("the process numbers of this container are not those of the driver")
        self.assertGreaterEqual(listed[os.getpid()], kept.numel())
        self.assertRegex(torch.cuda.list_gpu_processes(0), rf"process\s+{os.getpid()} uses\s+[\d.]+ MB GPU memory")

    @needs_virtual
    def test_what_only_sensors_know_is_not_supported(self):
        for question in (torch.cuda.utilization, torch.cuda.temperature, torch.cuda.power_draw, torch.cuda.clock_rate,
                         torch.cuda.memory_usage):
            with self.assertRaises(pynvml.NVMLError_NotSupported, msg=question):
                question()

    def test_a_function_before_init_fails(self):
        program = """
            import pynvml
            try:
                pynvml._LoadNvmlLibrary()
                pynvml.nvmlDeviceGetCount()
            except pynvml.NVMLError_Uninitialized:
                print("uninitialized")
        """
        self.assertEqual(run(program).strip(), "uninitialized")


class CountingDevices(unittest.TestCase):
    def test_counting_by_nvml_makes_no_context(self):
        program = """
            import torch
            print(torch.cuda.is_available(), torch.cuda.device_count(), torch.cuda.is_initialized())
        """
        self.assertEqual(run(program, PYTORCH_NVML_BASED_CUDA_CHECK="1").split(),
                         ["True", str(torch.cuda.device_count()), "False"])

    def test_hidden_devices_are_not_counted(self):
        self.assertEqual(run("import torch; print(torch.cuda.device_count())", CUDA_VISIBLE_DEVICES="").strip(), "0")


if __name__ == "__main__":
    unittest.main()
