"""However a program ends, what was recorded until then is a recording, and its exit code is the program's."""
import signal
import time
import unittest

from run_support import HERE, RunTest

ENDLESS = "import torch, time\nx = torch.empty(64 << 20, dtype=torch.uint8, device='cuda')\nprint('ready', flush=True)\n" \
          "while True: y = x + 1; time.sleep(0.01)\n"


class Endings(RunTest):
    def test_out_of_memory_is_pytorchs_own_and_is_recorded(self):
        result = self.headroom_run("-c", "import torch\nkept = [torch.empty(1 << 30, device='cuda') for _ in range(100)]",
                                   device="virtual:l4-24gb")
        self.assertEqual(result.code, 1)
        self.assertIn("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB.", result.errors)
        (run,) = result.runs
        self.assertEqual(run["outcome"]["kind"], "oom")
        self.assertSumsHold(run)
        self.assertEqual(run["peak"]["allocated_bytes"] % (4 << 30), 0)

    def test_an_exit_code_is_passed_through(self):
        result = self.headroom_run("-c", "import torch, sys\nx = torch.empty(1000, device='cuda')\nsys.exit(17)")
        self.assertEqual(result.code, 17)
        self.assertEqual(len(result.recordings), 1)

    def test_a_killed_program_leaves_its_recording(self):
        result = self.headroom_run("-c", "import os, signal, torch\nx = torch.empty(1000, device='cuda')\n"
                                         "os.kill(os.getpid(), signal.SIGKILL)")
        self.assertEqual(result.code, 128 + signal.SIGKILL)
        (run,) = result.runs
        self.assertEqual(run["peak"]["allocated_bytes"], 4096)

    def test_an_interrupted_program_leaves_its_recording(self):
        def interrupt(process):
            self.assertEqual(process.stdout.readline(), "ready\n")
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)

        result = self.headroom_run("-c", ENDLESS, while_running=interrupt)
        self.assertEqual(result.code, 128 + signal.SIGTERM)
        self.assertEqual(len(result.recordings), 1)

    def test_a_program_that_uses_no_device_says_so(self):
        result = self.headroom_run("-c", "import torch\ntorch.empty(10)")
        self.assertIn("nothing was recorded", result.errors)
        self.assertEqual(result.recordings, [])


if __name__ == "__main__":
    unittest.main()
