// FNet (Lee-Thorp et al. 2021, arXiv 2105.03824): the real part of the Fourier transform over positions and features.
// Linear and without parameters, so that nothing is kept for backward. Half precision is transformed in fp32: FFTs are
// not defined for it on the CPU, nor for bf16 anywhere.
#include <ATen/ops/fft_fft2.h>
#include <ATen/ops/real.h>
#include <c10/core/ScalarType.h>

#include "models/attention/mechanisms.h"

namespace headroom::models {
namespace {

class Fourier final : public Attention {
 public:
  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext&) const override {
    const at::Tensor wide = x.to(c10::promoteTypes(x.scalar_type(), at::kFloat));
    const at::Tensor transformed = at::fft_fft2(wide, {}, {1, 2});
    return at::real(transformed).to(x.scalar_type()).contiguous();  // the view would keep the imaginary half, too
  }
};

}  // namespace

std::unique_ptr<Attention> make_fourier(Builder&, const AttentionPlace&) { return std::make_unique<Fourier>(); }

}  // namespace headroom::models
