// RunSpec: everything that decides what a run allocates. One JSON form, shared by the command line, the worker,
// the recording and the reports.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/names.h"

namespace headroom {

enum class Mode : std::uint8_t { train, forward };
enum class Dtype : std::uint8_t { fp32, fp16, bf16, amp_fp16, amp_bf16 };  // amp_*: fp32 parameters under autocast
enum class Optimizer : std::uint8_t { none, sgd, adam, adamw };
enum class OptimizerImplementation : std::uint8_t { foreach, fused, for_loop };
// eager: bmm, scale, mask, softmax, bmm as separate operators (Hugging Face's "eager"). The others force one
// back end of scaled_dot_product_attention.
enum class Sdpa : std::uint8_t { eager, math, flash, efficient };

inline constexpr std::array kModeNames{Named<Mode>{Mode::train, "train"}, Named<Mode>{Mode::forward, "forward"}};
inline constexpr std::array kDtypeNames{Named<Dtype>{Dtype::fp32, "fp32"}, Named<Dtype>{Dtype::fp16, "fp16"},
                                        Named<Dtype>{Dtype::bf16, "bf16"}, Named<Dtype>{Dtype::amp_fp16, "amp-fp16"},
                                        Named<Dtype>{Dtype::amp_bf16, "amp-bf16"}};
inline constexpr std::array kOptimizerNames{
    Named<Optimizer>{Optimizer::none, "none"}, Named<Optimizer>{Optimizer::sgd, "sgd"},
    Named<Optimizer>{Optimizer::adam, "adam"}, Named<Optimizer>{Optimizer::adamw, "adamw"}};
inline constexpr std::array kOptimizerImplementationNames{
    Named<OptimizerImplementation>{OptimizerImplementation::foreach, "foreach"},
    Named<OptimizerImplementation>{OptimizerImplementation::fused, "fused"},
    Named<OptimizerImplementation>{OptimizerImplementation::for_loop, "for-loop"}};
inline constexpr std::array kSdpaNames{Named<Sdpa>{Sdpa::eager, "eager"}, Named<Sdpa>{Sdpa::math, "math"},
                                       Named<Sdpa>{Sdpa::flash, "flash"}, Named<Sdpa>{Sdpa::efficient, "efficient"}};

struct RunSpec {
  std::string model;            // a preset's name or the path of a Hugging Face config.json
  std::string attention = "";   // a mechanism's name; empty: the model's own
  std::int64_t batch = 1;       // sequences per step, >= 1
  std::int64_t seq = 128;       // tokens per sequence (both sides of an encoder-decoder), >= 1
  Mode mode = Mode::train;
  Dtype dtype = Dtype::fp32;
  Optimizer optimizer = Optimizer::adamw;
  OptimizerImplementation optimizer_implementation = OptimizerImplementation::foreach;  // PyTorch's default on CUDA
  Sdpa sdpa = Sdpa::eager;
  std::optional<double> dropout;          // every dropout rate of the model; absent: the model's own
  std::int64_t steps = 2;                 // 2: the second step runs with optimizer state, as all later ones do
  std::string device = "virtual:h100-80gb";  // cpu | cuda | cuda:N | virtual:NAME
  std::int64_t seed = 0;

  bool operator==(const RunSpec&) const = default;
};

inline constexpr std::int64_t kMaxTokensPerStep = 2147483647;  // batch x seq: what a 32-bit index holds
inline constexpr std::int64_t kMaxSteps = 1000;                // further steps allocate what the second did

Json to_json(const RunSpec& spec);

// Only "model" must be there; other absent keys keep their defaults, unknown ones are ignored. Throws bad_input for a
// missing or ill-typed key, a value out of range, or batch x seq beyond what an index holds (batch, seq, batch * seq,
// steps, dropout and seed are checked; model, attention and device names are checked where they are known).
RunSpec run_spec_from_json(const Json& json, const std::string& where);

// Throws bad_input, naming the flag, when a value of `spec` is out of range.
void validate(const RunSpec& spec);

// The command that repeats the run: "headroom profile bert-base --attention mha --batch 8 …". Attention (when chosen),
// batch, seq and device are always there, the rest where it differs from the defaults; quoted for a POSIX shell.
std::string reproduction_command(const RunSpec& spec);

}  // namespace headroom
