"""cuDNN over the virtual GPU: convolutions and attention run with and without NVIDIA's library; with it, its own host code chooses."""
import ctypes
import json
import os
import pathlib
import subprocess
import sys
import unittest

import torch
from torch.nn import functional

report = ctypes.CDLL(None).headroom_virtual_gpu_report
report.restype = ctypes.c_char_p

FOLDER = os.environ.get("HEADROOM_VIRTUAL_GPU_CUDNN", "")
INSTALLED = pathlib.Path(FOLDER, "libcudnn.so.9").exists()
needs_cudnn = unittest.skipUnless(INSTALLED, "NVIDIA's cuDNN is not installed")
needs_none = unittest.skipUnless(FOLDER == "none", "NVIDIA's cuDNN is used")


def assumptions():
    return " ".join(json.loads(report())["assumptions"])


def peak(run):
    """Bytes beyond what was there before, the most at once."""
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run()
    return torch.cuda.max_memory_allocated() - before


def convolve(dtype=torch.float32):
    """Forward alone: output and workspace."""
    x = torch.empty(32, 3, 224, 224, device="cuda", dtype=dtype)
    weight = torch.empty(64, 3, 7, 7, device="cuda", dtype=dtype)
    return peak(lambda: functional.conv2d(x, weight, stride=2, padding=3)) - 32 * 64 * 112 * 112 * x.element_size()


def train_convolution():
    layer = torch.nn.Sequential(torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.BatchNorm2d(32), torch.nn.Conv2d(32, 8, 1)).cuda()
    x = torch.empty(4, 16, 32, 32, device="cuda", requires_grad=True)
    layer(x).sum().backward()
    return x.grad.shape


def attend():
    q, k, v = (torch.empty(2, 16, 1024, 64, device="cuda", dtype=torch.bfloat16, requires_grad=True) for _ in range(3))
    out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    out.backward(torch.empty_like(out))
    return type(out.grad_fn).__name__


class Cudnn(unittest.TestCase):
    def test_the_version_is_the_one_torch_was_built_with(self):
        self.assertEqual(torch._C._cudnn.getRuntimeVersion(), torch._C._cudnn.getCompileVersion())
        self.assertTrue(torch.backends.cudnn.is_available())

    def test_convolutions_and_batch_normalisation_train(self):
        self.assertEqual(train_convolution(), (4, 16, 32, 32))

    def test_pytorch_prefers_cudnn_attention_on_this_device(self):
        self.assertEqual(attend(), "ScaledDotProductCudnnAttentionBackward0")

    def test_attention_forward_needs_its_output_the_sums_of_its_rows_and_little_more(self):
        q, k, v = (torch.empty(2, 16, 1024, 64, device="cuda", dtype=torch.bfloat16, requires_grad=True) for _ in range(3))
        output, row_sums = q.numel() * 2, 2 * 16 * 1024 * 4
        extra = peak(lambda: functional.scaled_dot_product_attention(q, k, v)) - output - row_sums
        self.assertGreaterEqual(extra, 0)
        self.assertLessEqual(extra, 4 * 512)

    def test_recurrent_layers_train(self):
        for layer in (torch.nn.LSTM(8, 16, 2, bidirectional=True), torch.nn.GRU(8, 16), torch.nn.LSTM(8, 16, proj_size=4)):
            layer.cuda()(torch.empty(5, 3, 8, device="cuda"))[0].sum().backward()
        self.assertIn("cuDNN's recurrent layers", assumptions())

    @needs_none
    def test_without_nvidias_library_workspaces_are_none_and_the_outcome_says_so(self):
        self.assertEqual(convolve(), 0)
        self.assertIn("pip install nvidia-cudnn-cu13", assumptions())

    @needs_cudnn
    def test_the_version_is_that_of_the_library(self):
        real = ctypes.CDLL(str(pathlib.Path(FOLDER, "libcudnn.so.9")))
        real.cudnnGetVersion.restype = ctypes.c_size_t
        self.assertEqual(torch.backends.cudnn.version(), real.cudnnGetVersion())

    @needs_cudnn
    def test_its_heuristics_take_a_workspace_that_depends_on_the_type(self):
        self.assertGreater(convolve(torch.float32), 0)
        self.assertNotEqual(convolve(torch.float32), convolve(torch.bfloat16))

    @needs_cudnn
    def test_benchmark_mode_takes_the_first_choice_every_time(self):
        here = str(pathlib.Path(__file__).parent)
        program = f"import sys; sys.path.insert(0, {here!r}); import cudnn_test, torch\n" \
                  "torch.backends.cudnn.benchmark = sys.argv[1] == 'benchmark'\n" \
                  "cudnn_test.convolve()\n" \
                  "print(cudnn_test.convolve(), 'cuDNN benchmark mode' in cudnn_test.assumptions())"
        plain, first, second = (subprocess.run([sys.executable, "-c", program, mode], capture_output=True, text=True,
                                               check=True).stdout.split() for mode in ("plain", "benchmark", "benchmark"))
        self.assertEqual(plain[1], "False")
        self.assertEqual(first[1], "True")
        self.assertEqual(first, second)
        self.assertEqual(first[0], plain[0])


if __name__ == "__main__":
    unittest.main()
