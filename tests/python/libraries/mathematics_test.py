"""Linear algebra, Fourier transforms and sparse matrices run over the virtual GPU, and say what their work areas rest on."""
import ctypes
import json
import unittest

import torch

report = ctypes.CDLL(None).headroom_virtual_gpu_report
report.restype = ctypes.c_char_p


def assumptions():
    return " ".join(json.loads(report())["assumptions"])


def matrix(*shape, dtype=torch.float32):
    return torch.empty(*shape, device="cuda", dtype=dtype)


class LinearAlgebra(unittest.TestCase):
    def test_factorisations_and_solvers_run_in_every_type_and_in_batches(self):
        for dtype in (torch.float32, torch.float64, torch.complex64):
            for a in (matrix(48, 48, dtype=dtype), matrix(3, 16, 16, dtype=dtype)):
                for function in (torch.linalg.cholesky, torch.linalg.qr, torch.linalg.svd, torch.linalg.eigh, torch.linalg.inv,
                                 torch.linalg.lu, lambda x: torch.linalg.solve(x, x)):
                    function(a)
        self.assertIn("cuSOLVER's work areas", assumptions())

    def test_every_driver_of_the_singular_values(self):
        for driver in ("gesvd", "gesvdj", "gesvda"):
            self.assertEqual(torch.linalg.svd(matrix(40, 20), full_matrices=False, driver=driver).S.shape, (20,))


class Fourier(unittest.TestCase):
    def test_transforms_of_every_kind(self):
        self.assertEqual(torch.fft.fft(matrix(4, 1009)).shape, (4, 1009))
        self.assertEqual(torch.fft.irfft2(torch.fft.rfft2(matrix(2, 16, 32))).shape, (2, 16, 32))
        self.assertIn("cuFFT's work areas", assumptions())


class Sparse(unittest.TestCase):
    def sparse(self):
        rows = torch.arange(65)
        return torch.sparse_csr_tensor(rows, torch.zeros(64, dtype=torch.int64), torch.ones(64), (64, 64)).cuda()

    def test_products_with_dense_and_sparse_matrices(self):
        a = self.sparse()
        self.assertEqual((a @ matrix(64, 8)).shape, (64, 8))
        self.assertEqual((a @ matrix(64)).shape, (64,))
        self.assertEqual((a @ a).values().shape, (64,), "each entry meets a mean row of one")
        self.assertIn("product of sparse matrices", assumptions())


if __name__ == "__main__":
    unittest.main()
