"""Kernels that PyTorch compiles while a program runs (its jiterator): special functions, many operators on complex numbers,
and kernels that a program writes itself.
"""
import os
import unittest

import torch

from support import *


@unittest.skipIf(os.environ.get("HEADROOM_VIRTUAL_GPU_NVRTC") == "none", "the compiler is switched off")
class JustInTime(ConformanceTest):
    def test_special_functions_of_one_argument(self):
        x = torch.rand(1000, device="cuda")
        for name in ("bessel_j0", "airy_ai", "ndtri"):
            with self.subTest(name=name), self.assertGrows("allocated_bytes.all.allocated", 4096):
                getattr(torch.special, name)(x)

    def test_special_functions_of_two_arguments(self):
        x, n = torch.rand(1000, device="cuda"), torch.ones(1000, device="cuda")
        for name in ("chebyshev_polynomial_t", "zeta"):
            with self.subTest(name=name), self.assertGrows("allocated_bytes.all.allocated", 4096):
                getattr(torch.special, name)(x, n)

    def test_operators_on_complex_numbers(self):
        x = torch.rand(1000, dtype=torch.complex64, device="cuda")
        for name in ("exp", "abs", "prod", "reciprocal"):
            with self.subTest(name=name):
                self.assertIsNotNone(getattr(torch, name)(x).shape)

    def test_a_kernel_of_the_programs_own(self):
        fused = torch.cuda.jiterator._create_jit_fn(
            "template <typename T> T fused(T x, T y, T alpha) { return alpha * x + y; }", alpha=1.0)
        x, y = torch.rand(1000, device="cuda"), torch.rand(1000, device="cuda")
        with self.assertGrows("allocated_bytes.all.allocated", 4096):
            self.assertEqual(fused(x, y, alpha=2.0).shape, x.shape)

    def test_a_mistake_in_a_kernel_is_reported_by_the_compiler(self):
        broken = torch.cuda.jiterator._create_jit_fn("template <typename T> T broken(T x) { return y; }")
        with self.assertRaisesRegex(RuntimeError, 'identifier "y" is undefined'):
            broken(torch.rand(10, device="cuda"))


@needs_virtual
class WithoutCompiler(unittest.TestCase):
    def test_the_operator_fails_and_the_report_says_why(self):
        program = """
            import ctypes, json, torch
            try:
                torch.special.bessel_j0(torch.rand(10, device="cuda"))
            except RuntimeError as problem:
                print(str(problem).splitlines()[0])
            report = ctypes.CDLL(None).headroom_virtual_gpu_report
            report.restype = ctypes.c_char_p
            report = json.loads(report())
            print([entry["function"] for entry in report["unimplemented"]])
            print(report["assumptions"])
        """
        text = run(program, HEADROOM_VIRTUAL_GPU_NVRTC="none", USE_PYTORCH_KERNEL_CACHE="0")
        self.assertIn("no compiler is installed", text)
        self.assertIn("nvrtcCreateProgram", text)
        self.assertIn("nvidia-cuda-nvrtc", text)


if __name__ == "__main__":
    unittest.main()
