// RunSpec: everything that decides what a run allocates. One JSON form, shared by the command line, the worker,
// the recording and the reports.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/names.h"
#include "recording/device_activity.h"

namespace headroom {

// generate: a prompt of `seq` tokens at once (prefill), then token by token (decode), with a cache of what attention
// keeps of the tokens before.
enum class Mode : std::uint8_t { train, forward, generate };
enum class Dtype : std::uint8_t { fp32, fp16, bf16, amp_fp16, amp_bf16 };  // amp_*: fp32 parameters under autocast
// adafactor: Shazeer and Stern 2018; adam_8bit: Dettmers et al. 2022. Both step in one way of their own.
enum class Optimizer : std::uint8_t { none, sgd, adam, adamw, adafactor, adam_8bit };
enum class OptimizerImplementation : std::uint8_t { foreach, fused, for_loop };
// block: of each block only the input is kept, and its forward is computed again in backward (Chen et al. 2016).
enum class Checkpoint : std::uint8_t { none, block };
// eager: bmm, scale, mask, softmax, bmm as separate operators (Hugging Face's "eager"). The others force one
// back end of scaled_dot_product_attention.
enum class Sdpa : std::uint8_t { eager, math, flash, efficient };

// dynamic: a token's keys and values are joined to the old ones in a new block (Hugging Face's DynamicCache). fixed:
// room for all tokens is made before the prompt (its StaticCache). paged: pages of so many tokens, got when the last is
// full (Kwon et al. 2023, arXiv 2309.06180, section 4).
enum class CacheKind : std::uint8_t { dynamic, fixed, paged };
// model: the model's own dtype. int8: with a scale for each token and head. fp8: float8_e4m3fn.
enum class CacheDtype : std::uint8_t { model, int8, fp8 };

inline constexpr std::array kModeNames{Named<Mode>{Mode::train, "train"}, Named<Mode>{Mode::forward, "forward"},
                                       Named<Mode>{Mode::generate, "generate"}};
inline constexpr std::array kCacheKindNames{Named<CacheKind>{CacheKind::dynamic, "dynamic"},
                                            Named<CacheKind>{CacheKind::fixed, "static"},
                                            Named<CacheKind>{CacheKind::paged, "paged"}};
inline constexpr std::array kCacheDtypeNames{Named<CacheDtype>{CacheDtype::model, "model"},
                                             Named<CacheDtype>{CacheDtype::int8, "int8"},
                                             Named<CacheDtype>{CacheDtype::fp8, "fp8"}};
inline constexpr std::array kDtypeNames{Named<Dtype>{Dtype::fp32, "fp32"}, Named<Dtype>{Dtype::fp16, "fp16"},
                                        Named<Dtype>{Dtype::bf16, "bf16"}, Named<Dtype>{Dtype::amp_fp16, "amp-fp16"},
                                        Named<Dtype>{Dtype::amp_bf16, "amp-bf16"}};
inline constexpr std::array kOptimizerNames{
    Named<Optimizer>{Optimizer::none, "none"},           Named<Optimizer>{Optimizer::sgd, "sgd"},
    Named<Optimizer>{Optimizer::adam, "adam"},           Named<Optimizer>{Optimizer::adamw, "adamw"},
    Named<Optimizer>{Optimizer::adafactor, "adafactor"}, Named<Optimizer>{Optimizer::adam_8bit, "adam-8bit"}};
inline constexpr std::array kOptimizerImplementationNames{
    Named<OptimizerImplementation>{OptimizerImplementation::foreach, "foreach"},
    Named<OptimizerImplementation>{OptimizerImplementation::fused, "fused"},
    Named<OptimizerImplementation>{OptimizerImplementation::for_loop, "for-loop"}};
inline constexpr std::array kCheckpointNames{Named<Checkpoint>{Checkpoint::none, "none"},
                                             Named<Checkpoint>{Checkpoint::block, "block"}};
inline constexpr std::array kSdpaNames{Named<Sdpa>{Sdpa::eager, "eager"}, Named<Sdpa>{Sdpa::math, "math"},
                                       Named<Sdpa>{Sdpa::flash, "flash"}, Named<Sdpa>{Sdpa::efficient, "efficient"}};

enum class VirtualEvents : std::uint8_t { immediate, delayed };

inline constexpr std::array kVirtualEventsNames{Named<VirtualEvents>{VirtualEvents::immediate, "immediate"},
                                                Named<VirtualEvents>{VirtualEvents::delayed, "delayed"}};

// What a virtual device is told besides its name; without meaning on other devices.
struct VirtualOptions {
  std::int64_t reserve_bytes = 0;  // taken of each device from the start, as a context and other processes take it
  std::string address_order;       // descending | ascending | shuffled:SEED; empty: the device's own
  VirtualEvents events = VirtualEvents::immediate;  // when the device's work is done: at once, or when waited for
  bool backed = false;                              // device memory holds what is copied there

  bool operator==(const VirtualOptions&) const = default;
};

// What --mode generate does.
struct Generation {
  std::int64_t new_tokens = 16;  // of each sequence, after its prompt; the first comes out of the prefill
  std::int64_t beams = 1;        // kept of each sequence; 1: greedy
  CacheKind cache = CacheKind::dynamic;
  CacheDtype cache_dtype = CacheDtype::model;
  std::int64_t page = 16;  // tokens of one page, of a paged cache

  bool operator==(const Generation&) const = default;
};

// What a read of device memory, which nobody computed, shall give.
struct StatedValue {
  std::string place;  // "train.py:42" or an operator, "aten::nonzero"
  double value = 0;

  bool operator==(const StatedValue&) const = default;
};

// A run of a model of Headroom's own, or, where `command` is not empty, of any program: then `model` is the program's
// name, `mode` says whether it ran backward, and of the other members from `attention` to `seed` only `device` counts.
struct RunSpec {
  std::string model;           // a preset's name or the path of a Hugging Face config.json
  std::string attention = "";  // a mechanism's name; empty: the model's own
  std::string positions = "";  // how it knows positions, a name of the catalogue's; empty: the model's own
  std::string compression = "";           // "int8", "lora:rank=8", … (models/catalog/compression.h); empty: none
  std::optional<double> capacity_factor;  // of a mixture of experts, above 0; absent: the model's own, 1
  std::int64_t batch = 1;      // sequences per step, or per micro-batch of it; >= 1
  std::int64_t seq = 128;      // tokens per sequence (both sides of an encoder-decoder), >= 1
  Mode mode = Mode::train;
  bool padding = false;   // sequences differ in length, and an attention mask says where (models/model.h, make_batch)
  Generation generation;  // of Mode::generate; seq is the prompt
  Dtype dtype = Dtype::fp32;
  Optimizer optimizer = Optimizer::adamw;
  OptimizerImplementation optimizer_implementation = OptimizerImplementation::foreach;  // PyTorch's default on CUDA
  double momentum = 0;                                                                  // of sgd alone, 0 to below 1
  Checkpoint checkpoint = Checkpoint::none;
  std::int64_t accumulate = 1;  // micro-batches whose gradients are summed before the optimizer steps
  std::optional<double> clip;   // the most that the norm of all gradients may be; absent: they are left alone
  std::int64_t loss_chunk = 0;  // tokens whose logits exist at once; 0: all of them
  Sdpa sdpa = Sdpa::eager;
  std::optional<double> dropout;             // every dropout rate of the model; absent: the model's own
  std::int64_t steps = 2;                    // 2: the second step runs with optimizer state, as all later ones do
  std::string device = "virtual:h100-80gb";  // cpu | cuda | cuda:N | virtual:NAME; of a program virtual:NxNAME, too
  std::int64_t seed = 0;
  VirtualOptions virtual_options;
  std::optional<TraceLevel> trace;  // absent: default_trace(device)
  bool require_cupti = false;       // what cannot be traced is not run
  bool counters = false;            // of a model on a real GPU: count what its layers move to and from the GPU's memory

  std::vector<std::string> command;  // the program and its arguments
  std::vector<StatedValue> values;
  bool source_lines = false;         // record the line of the program that asked for each block
  std::int64_t ranks = 0, rank = 0;  // one process stands for rank `rank` of `ranks`; 0 ranks: it is what it is

  bool operator==(const RunSpec&) const = default;
};

inline constexpr std::int64_t kMaxTokensPerStep = 2147483647;  // batch x seq: what a 32-bit index holds
inline constexpr std::int64_t kMaxSteps = 1000;                // further steps allocate what the second did
inline constexpr double kMaxCapacityFactor = 1e6;
inline constexpr std::int64_t kMaxNewTokens = 1 << 20;
inline constexpr std::int64_t kMaxBeams = 1024;
inline constexpr std::int64_t kMaxRanks = 1 << 20;
inline constexpr std::int64_t kMaxAccumulate = 1000;

bool is_program(const RunSpec& spec);  // of `headroom run`

// sgd, adam and adamw: those that --optimizer-implementation speaks of.
bool has_implementations(Optimizer optimizer);

// full on a real GPU, none elsewhere.
TraceLevel default_trace(std::string_view device);
TraceLevel trace_level(const RunSpec& spec);

// A program's form has its members alone, a model's the others; both have virtual_options, and "positions",
// "compression", "padding", "capacity_factor", "trace", "require_cupti" and "counters" where they were asked for. Of a
// model "momentum", "checkpoint", "accumulate", "clip" and "loss_chunk" are there where they differ from the defaults,
// and "generation" where the mode is generate.
Json to_json(const RunSpec& spec);

// Only "model" must be there; other absent keys keep their defaults, unknown ones are ignored. Throws bad_input for a
// missing or ill-typed key, a value out of range, or batch x seq beyond what an index holds (batch, seq, batch * seq,
// steps, dropout, seed and what virtual devices and programs are told are checked; model, attention, positions and device
// names are checked where they are known).
RunSpec run_spec_from_json(const Json& json, const std::string& where);

// Throws bad_input, naming the flag, when a value of `spec` is out of range.
void validate(const RunSpec& spec);

// Throws bad_input, opening with `subject`, unless `order` is descending, ascending or shuffled:SEED.
void require_address_order(const std::string& subject, const std::string& order);

// The command that repeats the run: "headroom profile bert-base --attention mha --batch 8 …". Attention and positions
// (when chosen), batch, seq and device are always there, the rest where it differs from the defaults. Of a program it is
// "headroom run --device cuda -- python train.py". Quoted for a POSIX shell.
std::string reproduction_command(const RunSpec& spec);

// The same, word by word, for whoever starts it without a shell. The first is "headroom".
std::vector<std::string> reproduction_words(const RunSpec& spec);

}  // namespace headroom
