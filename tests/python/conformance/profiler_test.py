"""torch.profiler sees on the device what the program launched there: kernels with their names and grids, copies and sets, each with
the call that made it and the operator that made the call.
"""
import collections
import json
import os
import tempfile
import threading
import unittest

import torch
from torch.profiler import ProfilerActivity, profile, record_function, schedule

from support import *

BOTH = [ProfilerActivity.CPU, ProfilerActivity.CUDA]
WORK = {"kernel", "gpu_memcpy", "gpu_memset"}
CALLS = {"cuda_runtime", "cuda_driver"}


def launches():
    """All kernels that the virtual runtime counted in this process."""
    library = ctypes.CDLL(None)
    library.headroom_virtual_gpu_report.restype = ctypes.c_char_p
    return json.loads(library.headroom_virtual_gpu_report())["launch_count"]


class Trace:
    """The events of an exported trace that have a duration, by category."""

    def __init__(self, profiler):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace.json")
            profiler.export_chrome_trace(path)
            with open(path) as file:
                self.all = json.load(file)["traceEvents"]
        self.events = [event for event in self.all if event.get("ph") == "X"]

    def of(self, *categories):
        return [event for event in self.events if event.get("cat") in categories]

    @property
    def kernels(self):
        return self.of("kernel")


def traced(work, **settings):
    with profile(activities=BOTH, **settings) as profiler:
        work()
        torch.cuda.synchronize()
    return Trace(profiler)


def train(model, steps=1):
    for _ in range(steps):
        model(torch.randn(8, 32, device="cuda")).sum().backward()


def small_model():
    return torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.GELU(), torch.nn.Linear(64, 4)).cuda()


class Profiler(ConformanceTest):
    begins_empty = False

    def assertLinked(self, trace):
        """Each piece of work names a call by its correlation, and an operator of the host by its external id."""
        calls = {event["args"]["correlation"] for event in trace.of(*CALLS)}
        operators = {event["args"]["External id"] for event in trace.of("cpu_op") if "External id" in event["args"]}
        for event in trace.of(*WORK):
            self.assertIn(event["args"]["correlation"], calls, event["name"])
            self.assertIn(event["args"].get("External id"), operators, event["name"])

    def test_every_kernel_has_its_name_its_grid_its_call_and_its_operator(self):
        x = torch.randn(1 << 20, device="cuda")
        trace = traced(lambda: x + 1)
        (kernel,) = trace.kernels
        self.assertIn("elementwise_kernel", kernel["name"])
        self.assertIn("add", kernel["name"])
        grid, block = kernel["args"]["grid"], kernel["args"]["block"]
        self.assertEqual(grid[1:] + block[1:], [1, 1, 1, 1])
        self.assertEqual((1 << 20) % (grid[0] * block[0]), 0)
        self.assertEqual(kernel["args"]["device"], 0)
        self.assertLinked(trace)
        (operator,) = (e for e in trace.of("cpu_op") if e["args"].get("External id") == kernel["args"]["External id"])
        self.assertEqual(operator["name"], "aten::add")

    def test_a_grid_grows_with_its_tensor(self):
        def blocks(numbers):
            x = torch.randn(numbers, device="cuda")
            (kernel,) = traced(lambda: x * 2).kernels
            return kernel["args"]["grid"][0]
        self.assertEqual(blocks(1 << 22), 4 * blocks(1 << 20))

    def test_forward_and_backward_on_their_threads_are_linked_to_their_operators(self):
        model = small_model()
        train(model)
        trace = traced(lambda: train(model))
        self.assertLinked(trace)
        threads = {event["tid"] for event in trace.of(*CALLS)}
        self.assertEqual(len(threads), 2, "the program's thread, and autograd's")
        by_id = {e["args"]["External id"]: e["name"] for e in trace.of("cpu_op") if "External id" in e["args"]}
        made = {by_id[kernel["args"]["External id"]] for kernel in trace.kernels}
        self.assertLessEqual({"aten::addmm", "aten::gelu", "aten::gelu_backward", "aten::mm"}, made)

    @needs_virtual
    def test_the_kernels_are_those_that_the_runtime_counted(self):
        model = small_model()
        train(model)
        before = launches()
        trace = traced(lambda: train(model, 3))
        self.assertEqual(len(trace.kernels), launches() - before)
        self.assertGreater(len(trace.kernels), 30)
        for kernel in trace.kernels:
            self.assertEqual(kernel["dur"], 0, "nothing was executed")

    def test_copies_say_from_where_to_where_and_how_much(self):
        x = torch.zeros(1000, device="cuda")
        pinned, pageable = torch.zeros(1000, pin_memory=True), torch.zeros(1000)

        def copy():
            x.copy_(pinned, non_blocking=True)
            x.copy_(pageable)
            x.clone()
            x.cpu()
        trace = traced(copy)
        self.assertEqual([event["name"] for event in trace.of("gpu_memcpy")],
                         ["Memcpy HtoD (Pinned -> Device)", "Memcpy HtoD (Pageable -> Device)", "Memcpy DtoD (Device -> Device)",
                          "Memcpy DtoH (Device -> Pageable)"])
        self.assertEqual({event["args"]["bytes"] for event in trace.of("gpu_memcpy")}, {4000})
        self.assertLinked(trace)

    def test_sets_are_there(self):
        x = torch.randn(1 << 16, device="cuda")
        trace = traced(lambda: x.sort())
        sets = trace.of("gpu_memset")
        self.assertTrue(sets, "the sort clears its counters")
        for event in sets:
            self.assertGreater(event["args"]["bytes"], 0)
        self.assertLinked(trace)

    def test_work_stands_on_its_stream(self):
        x, side = torch.zeros(1000, device="cuda"), torch.cuda.Stream()

        def work():
            x.add_(1)
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                x.mul_(2)
                x.sub_(2)
        first, second, third = (kernel["args"]["stream"] for kernel in traced(work).kernels)
        self.assertNotEqual(first, second)
        self.assertEqual(second, third)

    def test_kernels_of_a_graph_belong_to_its_launch(self):
        x, graph = torch.zeros(1000, device="cuda"), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            y = x + 1
            y *= 2
        trace = traced(lambda: [graph.replay() for _ in range(3)])
        starts = [e["args"]["correlation"] for e in trace.of(*CALLS) if e["name"] in ("cudaGraphLaunch", "cuGraphLaunch")]
        self.assertEqual(len(set(starts)), 3)
        self.assertEqual(collections.Counter(kernel["args"]["correlation"] for kernel in trace.kernels),
                         {correlation: 2 for correlation in set(starts)})

    def test_a_thread_of_the_program_is_traced_too(self):
        x = torch.zeros(1000, device="cuda")

        def work():
            thread = threading.Thread(target=lambda: x.add_(1))
            thread.start()
            thread.join()
        self.assertEqual(len(traced(work).kernels), 1)

    def test_ranges_of_the_program_reach_the_device(self):
        x = torch.zeros(1000, device="cuda")

        def work():
            with record_function("my range"):
                x.add_(1)
                x.mul_(2)
        trace = traced(work)
        self.assertEqual(len([e for e in trace.of("user_annotation") if e["name"] == "my range"]), 1)
        self.assertEqual(len([e for e in trace.of("gpu_user_annotation") if e["name"] == "my range"]), 1)

    def test_a_schedule_records_the_steps_that_it_says(self):
        model, traces = small_model(), []
        train(model)
        with profile(activities=BOTH, schedule=schedule(wait=1, warmup=1, active=2, repeat=2),
                     on_trace_ready=lambda profiler: traces.append(Trace(profiler))) as profiler:
            for _ in range(9):
                train(model)
                torch.cuda.synchronize()
                profiler.step()
        self.assertEqual(len(traces), 2)
        one_step = len(traced(lambda: train(model)).kernels)
        for trace, steps in zip(traces, ([2, 3], [6, 7])):
            self.assertEqual(len(trace.kernels), 2 * one_step)
            self.assertEqual([e["name"] for e in trace.of("user_annotation")], [f"ProfilerStep#{step}" for step in steps])
            self.assertLinked(trace)

    def test_averages_count_the_kernels(self):
        x = torch.zeros(1000, device="cuda")
        with profile(activities=BOTH) as profiler:
            for _ in range(5):
                x.add_(1)
            torch.cuda.synchronize()
        averages = {row.key: row.count for row in profiler.key_averages()}
        self.assertEqual(averages["aten::add_"], 5)
        self.assertEqual([count for name, count in averages.items() if "elementwise_kernel" in name], [5])
        self.assertIn("aten::add_", profiler.key_averages().table())

    def test_profiles_follow_one_another(self):
        x = torch.zeros(1000, device="cuda")
        for count in range(1, 6):
            self.assertEqual(len(traced(lambda: [x.add_(1) for _ in range(count)]).kernels), count)

    def test_more_than_a_buffer_of_records_is_kept(self):
        x = torch.zeros(1000, device="cuda")
        trace = traced(lambda: [x.add_(1) for _ in range(20_000)])
        self.assertEqual(len(trace.kernels), 20_000)
        self.assertLinked(trace)

    def test_the_profiler_finds_nothing_odd(self):
        """In its own count of records: none out of range, none out of order, none unknown."""
        lines = run("""
            import os, sys
            os.dup2(1, 2)
            import torch
            from torch.profiler import profile, ProfilerActivity
            model = torch.nn.Linear(64, 64).cuda()
            for _ in range(3):
                with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]):
                    model(torch.randn(4, 64, device="cuda")).sum().backward()
                    torch.cuda.synchronize()
        """, KINETO_LOG_LEVEL="0").splitlines()
        counts = [line for line in lines if "Record counts" in line]
        self.assertEqual(len(counts), 3, lines)
        for line in counts:
            for odd in ("Out-of-range = 0", "Invalid ext correlations = 0", "CPU GPU out-of-order = 0", "Unexpected CUDA events = 0"):
                self.assertIn(odd, line)
        self.assertEqual([line for line in lines if line.startswith(("WARNING", "ERROR"))], [])


if __name__ == "__main__":
    unittest.main()
