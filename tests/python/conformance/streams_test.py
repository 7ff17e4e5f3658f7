"""Streams, events, and memory that several streams use. The same statements hold whether the work of a virtual device is done
when it is submitted or as late as possible (HEADROOM_VIRTUAL_GPU_EVENTS), unless a test says otherwise.
"""
import threading
import unittest

import torch

from support import *


def sleep(milliseconds):
    torch.cuda._sleep(int(milliseconds * cycles_of_a_millisecond()))


class Streams(ConformanceTest):
    def test_the_default_stream_is_current_until_another_is_chosen(self):
        self.assertEqual(torch.cuda.current_stream(), torch.cuda.default_stream())
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            self.assertEqual(torch.cuda.current_stream(), side)
            self.assertNotEqual(side.cuda_stream, 0)
        self.assertEqual(torch.cuda.current_stream(), torch.cuda.default_stream())

    def test_each_thread_has_its_own_current_stream(self):
        side, seen = torch.cuda.Stream(), []
        with torch.cuda.stream(side):
            thread = threading.Thread(target=lambda: seen.append(torch.cuda.current_stream()))
            thread.start()
            thread.join()
        self.assertEqual(seen, [torch.cuda.default_stream()])

    def test_priorities_have_a_range_and_are_kept(self):
        least, greatest = torch.cuda.Stream.priority_range()
        self.assertLessEqual(greatest, -1)
        self.assertEqual(least, 0)
        self.assertEqual(torch.cuda.Stream(priority=-1).priority, -1)
        self.assertEqual(torch.cuda.Stream().priority, 0)

    def test_streams_come_from_a_pool_of_32(self):
        handles = [torch.cuda.Stream().cuda_stream for _ in range(33)]
        self.assertEqual(len(set(handles)), 32)
        self.assertEqual(handles[0], handles[32])

    def test_a_stream_with_work_is_not_ready_until_it_is_waited_for(self):
        side = torch.cuda.Stream()
        self.assertTrue(side.query())
        with torch.cuda.stream(side):
            sleep(100)
        self.assertFalse(side.query())
        side.synchronize()
        self.assertTrue(side.query())

    def test_waiting_for_the_device_waits_for_all_streams(self):
        sides = [torch.cuda.Stream() for _ in range(4)]
        for side in sides:
            with torch.cuda.stream(side):
                sleep(20)
        torch.cuda.synchronize()
        self.assertTrue(all(side.query() for side in sides))

    def test_a_stream_that_waits_for_another_is_not_ready_before_it(self):
        first, second = torch.cuda.Stream(), torch.cuda.Stream()
        with torch.cuda.stream(first):
            sleep(100)
        second.wait_stream(first)
        self.assertFalse(second.query())
        second.synchronize()
        self.assertTrue(first.query())

    def test_a_stream_of_another_library_can_be_used(self):
        side = torch.cuda.Stream()
        foreign = torch.cuda.ExternalStream(side.cuda_stream)
        with torch.cuda.stream(foreign):
            self.assertEqual(block(MIB).numel(), MIB)
        foreign.synchronize()


class Events(ConformanceTest):
    def test_an_event_that_was_never_recorded_is_done(self):
        event = torch.cuda.Event()
        self.assertTrue(event.query())
        event.synchronize()

    def test_a_recorded_event_is_done_when_the_work_before_it_is(self):
        event = torch.cuda.Event()
        sleep(100)
        event.record()
        self.assertFalse(event.query())
        event.synchronize()
        self.assertTrue(event.query())

    def test_time_between_events_is_that_of_the_work_between(self):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        sleep(50)
        end.record()
        end.synchronize()
        self.assertGreater(start.elapsed_time(end), 40)

    def test_events_without_timing_have_no_time(self):
        start, end = torch.cuda.Event(), torch.cuda.Event()
        start.record()
        end.record()
        with self.assertRaises((RuntimeError, ValueError)):
            start.elapsed_time(end)

    def test_events_that_were_not_recorded_have_no_time(self):
        with self.assertRaises((RuntimeError, ValueError)):
            torch.cuda.Event(enable_timing=True).elapsed_time(torch.cuda.Event(enable_timing=True))

    def test_an_event_orders_streams(self):
        first, second, event = torch.cuda.Stream(), torch.cuda.Stream(), torch.cuda.Event()
        with torch.cuda.stream(first):
            sleep(100)
            event.record()
        second.wait_event(event)
        self.assertFalse(second.query())
        torch.cuda.synchronize()
        self.assertTrue(second.query())

    def test_a_stream_records_an_event_of_its_own(self):
        event = torch.cuda.Stream().record_event()
        event.synchronize()
        self.assertTrue(event.query())


@native_allocator
class SharedMemory(ConformanceTest):
    """record_stream: a block used on a second stream is not given out again before that stream is done with it."""

    def use_on(self, stream, tensor, milliseconds):
        with torch.cuda.stream(stream):
            sleep(milliseconds)
            tensor.add_(1)
        tensor.record_stream(stream)

    def test_a_block_in_use_on_another_stream_is_not_given_out(self):
        side = torch.cuda.Stream()
        tensor = block(30 * MIB)
        address = tensor.data_ptr()
        self.use_on(side, tensor, 100)
        del tensor
        other = block(30 * MIB)
        self.assertNotEqual(other.data_ptr(), address)
        side.synchronize()
        self.assertEqual(block(30 * MIB).data_ptr(), address)

    def test_it_counts_as_active_and_no_longer_as_allocated(self):
        side = torch.cuda.Stream()
        tensor = block(30 * MIB)
        self.use_on(side, tensor, 100)
        del tensor
        self.assertEqual(torch.cuda.memory_allocated(), 0)
        self.assertEqual(stat("active_bytes.all.current"), 30 * MIB)
        states = [part["state"] for segment in segments() for part in segment["blocks"]]
        self.assertIn("active_pending_free", states)
        side.synchronize()
        block(512)  # the allocator looks at its events when it is asked for memory
        self.assertEqual(stat("active_bytes.all.current"), 0)

    def test_without_record_stream_it_is_given_out_at_once(self):
        side = torch.cuda.Stream()
        tensor = block(30 * MIB)
        address = tensor.data_ptr()
        with torch.cuda.stream(side):
            sleep(100)
            tensor.add_(1)
        del tensor
        self.assertEqual(block(30 * MIB).data_ptr(), address)
        side.synchronize()

    def test_the_allocating_stream_itself_needs_no_record(self):
        tensor = block(30 * MIB)
        address = tensor.data_ptr()
        sleep(100)
        tensor.record_stream(torch.cuda.current_stream())
        del tensor
        self.assertEqual(block(30 * MIB).data_ptr(), address)
        torch.cuda.synchronize()

    def test_a_pending_block_is_freed_rather_than_running_out_of_memory(self):
        total = torch.cuda.mem_get_info()[1]
        torch.cuda.set_per_process_memory_fraction(100 * MIB / total)
        self.addCleanup(torch.cuda.set_per_process_memory_fraction, 1.0)
        side = torch.cuda.Stream()
        tensor = block(60 * MIB)
        self.use_on(side, tensor, 50)
        del tensor
        self.assertEqual(block(80 * MIB).numel(), 80 * MIB)

    def test_empty_cache_waits_for_pending_blocks(self):
        side = torch.cuda.Stream()
        tensor = block(30 * MIB)
        self.use_on(side, tensor, 50)
        del tensor
        torch.cuda.empty_cache()
        self.assertEqual(torch.cuda.memory_reserved(), 0)

    @needs_virtual
    def test_work_that_takes_no_time_pends_only_when_events_are_delayed(self):
        side = torch.cuda.Stream()
        tensor = block(30 * MIB)
        address = tensor.data_ptr()
        with torch.cuda.stream(side):
            tensor.add_(1)
        tensor.record_stream(side)
        del tensor
        again = block(30 * MIB).data_ptr()
        (self.assertNotEqual if delayed() else self.assertEqual)(again, address)
        torch.cuda.synchronize()


if __name__ == "__main__":
    unittest.main()
