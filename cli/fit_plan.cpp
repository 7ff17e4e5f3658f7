#include "cli/fit_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/device.h"
#include "models/catalog/attention.h"
#include "models/catalog/cache.h"
#include "models/catalog/compression.h"
#include "models/catalog/experts.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

constexpr const char* kDefaultDevice = "virtual:h100-80gb";
constexpr std::int64_t kMostUnit = 4096;  // tokens that a mechanism may want multiples of
constexpr std::int64_t kRepeats = 4;      // multiples of it that must do

std::vector<std::string> devices_of(const std::string& text) {
  if (text == "all") {
    std::vector<std::string> all;
    for (const auto& model : virtual_gpu::device_catalog()) all.push_back("virtual:" + model.name);
    return all;
  }
  if (text.empty()) return {kDefaultDevice};
  std::vector<std::string> devices = parse_list("--device", text);
  for (std::string& device : devices) {
    if (device == "cpu" || device.starts_with("cuda"))
      throw bad_input(
          fmt::format("--device {} has no limit that fit could look for; it tries virtual devices: --device {}", device,
                      kDefaultDevice));
    if (device == "all") throw bad_input("--device all stands alone: it names every virtual device");
    const std::string as_virtual = "virtual:" + device;
    const auto& catalog = virtual_gpu::device_catalog();
    const bool is_bare = std::ranges::any_of(catalog, [&](const auto& model) { return model.name == device; });
    if (is_bare) device = as_virtual;
    require_device(device);
  }
  for (std::size_t i = 1; i < devices.size(); ++i)
    if (std::find(devices.begin(), devices.begin() + static_cast<std::ptrdiff_t>(i), devices[i]) !=
        devices.begin() + static_cast<std::ptrdiff_t>(i))
      throw bad_input(fmt::format("--device names {} twice", devices[i]));
  return devices;
}

FitSize size_of(const std::string& text) {
  if (text.empty()) throw bad_input("expected --solve: batch, seq, layers, heads, microbatch, context or concurrency");
  return from_name(kFitSizeNames, "size to solve for", text);
}

void require_mode(FitSize size, Mode mode) {
  const bool generates = size == FitSize::context || size == FitSize::concurrency;
  if (generates && mode != Mode::generate)
    throw bad_input(fmt::format("--solve {} is of --mode generate, and --mode is {}", to_name(kFitSizeNames, size),
                                to_name(kModeNames, mode)));
  if (size == FitSize::microbatch && mode != Mode::train)
    throw bad_input(fmt::format("--solve microbatch is of --mode train, and --mode is {}", to_name(kModeNames, mode)));
}

bool takes(const models::ModelConfig& model, std::int64_t batch, std::int64_t seq) {
  try {
    models::validate_shape(model, batch, seq);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The last of low … high for which `holds`, where what holds is below what does not; low - 1: none.
std::int64_t last_that(std::int64_t low, std::int64_t high, const std::function<bool(std::int64_t)>& holds) {
  --low;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    holds(middle) ? low = middle : high = middle - 1;
  }
  return low;
}

// Sequences of the model are multiples of so many tokens.
std::int64_t seq_unit(const models::ModelConfig& model) {
  for (std::int64_t unit = 1; unit <= kMostUnit; ++unit) {
    std::int64_t repeats = 1;
    while (repeats <= kRepeats && unit * repeats <= model.max_positions && takes(model, 1, unit * repeats)) ++repeats;
    if (repeats > 1 && (repeats > kRepeats || unit * repeats > model.max_positions)) return unit;
  }
  return 1;
}

// Of each sequence of the batch; what is beams elsewhere is 1.
std::int64_t beams_of(const RunSpec& spec) { return spec.mode == Mode::generate ? spec.generation.beams : 1; }

FitSearch batch_search(const FitPlan& plan) {
  const std::int64_t most = kMaxTokensPerStep / (plan.spec.seq * beams_of(plan.spec));
  FitSearch search;
  search.high = last_that(1, most, [&](std::int64_t batch) { return takes(plan.model, batch, plan.spec.seq); });
  search.limit = FitLimit::tokens;
  search.start = plan.spec.batch;
  search.spec_of = [spec = plan.spec](std::int64_t batch) {
    RunSpec run = spec;
    run.batch = batch;
    return run;
  };
  return search;
}

FitSearch seq_search(const FitPlan& plan) {
  const std::int64_t unit = seq_unit(plan.model);
  const std::int64_t own = plan.spec.mode == Mode::generate ? plan.spec.generation.new_tokens : 0;
  const std::int64_t positions = std::max(plan.model.max_positions - own, plan.spec.seq);
  const std::int64_t tokens = kMaxTokensPerStep / (plan.spec.batch * beams_of(plan.spec));
  FitSearch search;
  search.high = std::min(positions, tokens) / unit;
  search.limit = positions <= tokens ? FitLimit::positions : FitLimit::tokens;
  search.start = plan.spec.seq / unit;
  search.value_of = [unit](std::int64_t place) { return place * unit; };
  search.spec_of = [spec = plan.spec, unit](std::int64_t place) {
    RunSpec run = spec;
    run.seq = place * unit;
    return run;
  };
  return search;
}

// Places are the divisors of the whole batch: it may be of 10^12 sequences, but of a thousand parts at most.
FitSearch microbatch_search(const FitPlan& plan) {
  const std::int64_t total = plan.spec.batch * plan.spec.accumulate;
  std::vector<std::int64_t> parts;
  for (std::int64_t count = std::min(kMaxAccumulate, total); count >= 1; --count)
    if (total % count == 0 && total / count <= kMaxTokensPerStep / plan.spec.seq) parts.push_back(total / count);
  FitSearch search;
  search.low = 0;
  search.high = static_cast<std::int64_t>(parts.size()) - 1;
  search.limit = parts.back() == total ? FitLimit::total : FitLimit::tokens;
  search.start = std::ranges::find(parts, plan.spec.batch) - parts.begin();
  search.value_of = [parts](std::int64_t place) { return parts.at(static_cast<std::size_t>(place)); };
  search.spec_of = [parts, total, spec = plan.spec](std::int64_t place) {
    RunSpec run = spec;
    run.batch = parts.at(static_cast<std::size_t>(place));
    run.accumulate = total / run.batch;
    return run;
  };
  return search;
}

models::ModelConfig sized(const FitPlan& plan, std::int64_t value) {
  models::ModelConfig model = plan.size == FitSize::layers
                                  ? models::with_layer_count(plan.given_model, value)
                                  : models::with_head_count(plan.given_model, value, plan.keep);
  model.name = derived_name(plan, value);
  return model;
}

bool is_describable(const FitPlan& plan, std::int64_t value) {
  try {
    models::hugging_face_config(sized(plan, value));
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The spec of a model of another size, whose file is written when it is first asked for.
std::function<RunSpec(std::int64_t)> derived_spec(const FitPlan& plan, const std::filesystem::path& folder,
                                                  std::function<std::int64_t(std::int64_t)> value_of) {
  return [plan, folder, value_of](std::int64_t place) {
    const std::int64_t value = value_of(place);
    const std::filesystem::path file = folder / (derived_name(plan, value) + ".json");
    if (!std::filesystem::exists(file))
      write_file(file, models::hugging_face_config(sized(plan, value)).dump(2) + "\n");
    RunSpec run = plan.spec;
    run.model = file.string();
    return run;
  };
}

FitSearch layers_search(const FitPlan& plan, const std::filesystem::path& folder) {
  const auto& model = plan.given_model;
  const std::int64_t own = std::max(model.encoder_layer_count, model.decoder_layer_count);
  models::hugging_face_config(sized(plan, own));  // throws where no file can say it
  FitSearch search;
  search.high = last_that(1, models::kMostLayers, [&](std::int64_t layers) { return is_describable(plan, layers); });
  search.limit = FitLimit::model;
  search.start = own;
  search.spec_of = derived_spec(plan, folder, search.value_of);
  return search;
}

FitSearch heads_search(const FitPlan& plan, const std::filesystem::path& folder) {
  models::hugging_face_config(sized(plan, plan.given_model.head_count));
  std::vector<std::int64_t> counts = models::head_counts(plan.given_model, plan.keep);
  const std::int64_t last = last_that(0, static_cast<std::int64_t>(counts.size()) - 1, [&](std::int64_t place) {
    return is_describable(plan, counts.at(static_cast<std::size_t>(place)));
  });
  counts.resize(static_cast<std::size_t>(last + 1));
  FitSearch search;
  search.low = 0;
  search.high = last;
  search.limit = FitLimit::model;
  search.start = std::ranges::find(counts, plan.given_model.head_count) - counts.begin();
  search.value_of = [counts](std::int64_t place) { return counts.at(static_cast<std::size_t>(place)); };
  search.spec_of = derived_spec(plan, folder, search.value_of);
  return search;
}

FitSearch bare_search(const FitPlan& plan, const std::filesystem::path& folder) {
  switch (plan.size) {
    case FitSize::seq:
      return seq_search(plan);
    case FitSize::layers:
      return layers_search(plan, folder);
    case FitSize::heads:
      return heads_search(plan, folder);
    case FitSize::microbatch:
      return microbatch_search(plan);
    case FitSize::context: {
      const bool source = plan.model.architecture == models::Architecture::encoder_decoder;
      FitSearch search = context_search(plan.spec, source, plan.model.max_positions);
      search.start = std::clamp(plan.spec.seq, search.low, search.high);
      return search;
    }
    case FitSize::batch:
    case FitSize::concurrency:
      break;
  }
  return batch_search(plan);
}

}  // namespace

std::string derived_name(const FitPlan& plan, std::int64_t value) {
  return fmt::format("{}-{}-{}", model_label(plan.given_model), value, to_name(kFitSizeNames, plan.size));
}

void require_sound(const RunSpec& spec, const models::ModelConfig& given_model) {
  validate(spec);
  models::ModelConfig model = models::with_attention_and_positions(given_model, spec.attention, spec.positions);
  model = models::with_compression(std::move(model), spec.compression, spec.mode == Mode::train);
  models::validate_shape(model, spec.batch, spec.seq);
  if (spec.sdpa == Sdpa::flash) models::require_flash(model);
  if (spec.padding) models::require_padding(model, spec.sdpa == Sdpa::flash);
  if (spec.mode == Mode::generate)
    models::require_generation(model, cache_size_of(spec), spec.seq, spec.generation.new_tokens);
}

FitPlan plan_fit(const FitFlags& flags) {
  FitPlan plan;
  plan.size = size_of(flags.solve);
  if (!flags.keep.empty() && plan.size != FitSize::heads) throw bad_input("--keep is of --solve heads");
  if (!flags.keep.empty()) plan.keep = from_name(models::kHeadsKeepNames, "what heads keep", flags.keep);
  plan.devices = devices_of(flags.run.device);
  RunFlags first = flags.run;
  first.device = plan.devices.front();
  const CheckedRun checked = check_single_run(first);
  if (!first.virtual_device.address_orders.empty())
    throw bad_input("--address-orders is of compare and profile; fit takes one order: --address-order");
  plan.spec = checked.spec;
  plan.spec.trace.reset();  // nothing is traced, and nothing is said of it
  plan.spec.require_cupti = false;
  require_mode(plan.size, plan.spec.mode);
  plan.given_model = models::load_model(plan.spec.model);
  require_sound(plan.spec, plan.given_model);
  plan.model = models::with_attention_and_positions(plan.given_model, plan.spec.attention, plan.spec.positions);
  return plan;
}

FitSearch search_on(const FitPlan& plan, const std::string& device, const std::filesystem::path& folder) {
  FitSearch search = bare_search(plan, folder);
  search.size = plan.size;
  search.label = fmt::format("{} {}", virtual_name(device), to_name(kFitSizeNames, plan.size));
  search.capacity_bytes = virtual_gpu::device_model(device).total_bytes - plan.spec.virtual_options.reserve_bytes;
  search.has_fixed_part = plan.size != FitSize::layers && plan.size != FitSize::heads;
  search.family = 0;
  search.looks_beyond = true;
  search.spec_of = [spec_of = search.spec_of, device](std::int64_t place) {
    RunSpec run = spec_of(place);
    run.device = device;
    return run;
  };
  return search;
}

}  // namespace headroom::cli
