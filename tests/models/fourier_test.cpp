// FNet's transform as products with the real and imaginary parts of Fourier matrices.
#include <ATen/ops/arange.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "base/error.h"
#include "tests/models/random_sublayer.h"

namespace headroom::models {
namespace {

struct FourierMatrix {
  explicit FourierMatrix(std::int64_t size) {
    const at::Tensor index = at::arange(size, at::kDouble);
    const at::Tensor angles = at::outer(index, index) * (2 * std::numbers::pi / static_cast<double>(size));
    cos = angles.cos();
    sin = angles.sin();
  }
  at::Tensor cos, sin;
};

TEST(Fnet, IsTheRealPartOfBothFourierTransforms) {
  for (const std::int64_t seq : {1, 6, 7}) {
    const Sublayer sublayer = random_sublayer("fnet");
    const at::Tensor x = random_input(seq).requires_grad_();
    const FourierMatrix positions(seq), features(12);
    expect_same_gradients(
        sublayer, {x}, [&] { return sublayer(x, x, {}); },
        [&] {
          return at::matmul(positions.cos, at::matmul(x, features.cos)) -
                 at::matmul(positions.sin, at::matmul(x, features.sin));
        },
        "fnet");
  }
}

TEST(Fnet, HasNoParametersAndAnOutputOfItsOwn) {
  const Sublayer sublayer = random_sublayer("fnet");
  EXPECT_TRUE(sublayer.parameters.empty());
  EXPECT_EQ(attention_parameter_count(sublayer.config), 0);
  const at::Tensor y = sublayer(random_input(6), {}, {});
  EXPECT_TRUE(y.is_contiguous());
  EXPECT_EQ(y.storage().nbytes(), y.nbytes());
}

TEST(Fnet, TransformsHalfPrecisionInFp32) {
  const Sublayer sublayer = random_sublayer("fnet");
  const at::Tensor x = random_input(6).to(at::kBFloat16);
  const at::Tensor y = sublayer(x, x, {});
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  const at::Tensor exact = sublayer(x.to(at::kDouble), {}, {});
  EXPECT_LT(largest_difference(y.to(at::kDouble), exact), exact.abs().max().item<double>() / 256);
}

TEST(Fnet, IsForEncodersOnly) {
  for (const char* model : {"gpt2", "transformer-base", "llama-7b"})
    EXPECT_THROW(with_attention(load_model(model), "fnet"), Error) << model;
  EXPECT_EQ(kv_cache_bytes_per_token(with_attention(load_model("bert-base"), "fnet"), 2), 0);
}

}  // namespace
}  // namespace headroom::models
