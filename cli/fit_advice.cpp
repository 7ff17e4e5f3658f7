#include "cli/fit_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "cli/device.h"
#include "models/catalog/attention.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

constexpr std::int64_t kLossChunk = 1024;
constexpr int kFirstWithBf16 = 8;  // major compute capability

bool is_half(Dtype dtype) { return dtype != Dtype::fp32; }

template <class E, std::size_t N>
Change chosen(ChangeKind kind, const char* flag, const std::array<Named<E>, N>& names, E RunSpec::*member, E value) {
  return {kind, fmt::format("{} {}", flag, to_name(names, value)), [=](RunSpec& spec) { spec.*member = value; }};
}

void add_training(const RunSpec& spec, std::int64_t tokens, std::vector<Change>& all) {
  if (spec.mode != Mode::train) return;
  if (spec.checkpoint == Checkpoint::none)
    all.push_back(
        chosen(ChangeKind::checkpointing, "--checkpoint", kCheckpointNames, &RunSpec::checkpoint, Checkpoint::block));
  if (spec.optimizer == Optimizer::adam || spec.optimizer == Optimizer::adamw)
    for (const Optimizer optimizer : {Optimizer::adam_8bit, Optimizer::adafactor})
      all.push_back({ChangeKind::optimizer, fmt::format("--optimizer {}", to_name(kOptimizerNames, optimizer)),
                     [optimizer](RunSpec& run) {
                       run.optimizer = optimizer;
                       run.optimizer_implementation = OptimizerImplementation::foreach;
                     }});
  if (spec.loss_chunk == 0 && tokens > kLossChunk)
    all.push_back({ChangeKind::loss_chunks, fmt::format("--loss-chunk {}", kLossChunk),
                   [](RunSpec& run) { run.loss_chunk = kLossChunk; }});
}

void add_attention(const FitPlan& plan, std::vector<Change>& all) {
  const RunSpec& spec = plan.spec;
  if (models::uses_back_end(plan.model) && (spec.sdpa == Sdpa::eager || spec.sdpa == Sdpa::math))
    for (const Sdpa sdpa : {Sdpa::flash, Sdpa::efficient})
      if (sdpa == Sdpa::efficient || is_half(spec.dtype))
        all.push_back(chosen(ChangeKind::fused_attention, "--sdpa", kSdpaNames, &RunSpec::sdpa, sdpa));
  const std::string own = plan.model.attention;
  for (const char* name : {"gqa", "mqa", "mhe-add", "mhe-mul"})
    if (own != name)
      all.push_back(
          {ChangeKind::mechanism, fmt::format("--attention {}", name), [name](RunSpec& run) { run.attention = name; }});
}

void add_precision(const RunSpec& spec, const std::string& device, std::vector<Change>& all) {
  const bool bf16 = virtual_gpu::device_model(device).major >= kFirstWithBf16;
  const auto add = [&](Dtype dtype) {
    all.push_back(chosen(ChangeKind::precision, "--dtype", kDtypeNames, &RunSpec::dtype, dtype));
  };
  if (spec.dtype == Dtype::fp32) add(bf16 ? Dtype::amp_bf16 : Dtype::amp_fp16);
  if (spec.dtype != Dtype::bf16 && spec.dtype != Dtype::fp16) add(bf16 ? Dtype::bf16 : Dtype::fp16);
}

void add_weights(const RunSpec& spec, std::vector<Change>& all) {
  if (!spec.compression.empty()) return;
  const std::vector<const char*> methods = spec.mode == Mode::train
                                               ? std::vector<const char*>{"lora:rank=8", "int4+lora:rank=8"}
                                               : std::vector<const char*>{"int8", "int4"};
  for (const char* method : methods)
    all.push_back({ChangeKind::compression, fmt::format("--compress {}", method),
                   [method](RunSpec& run) { run.compression = method; }});
}

void add_cache(const RunSpec& spec, std::vector<Change>& all) {
  if (spec.mode != Mode::generate) return;
  if (spec.generation.cache_dtype == CacheDtype::model)
    for (const CacheDtype dtype : {CacheDtype::int8, CacheDtype::fp8})
      all.push_back({ChangeKind::cache, fmt::format("--cache-dtype {}", to_name(kCacheDtypeNames, dtype)),
                     [dtype](RunSpec& run) { run.generation.cache_dtype = dtype; }});
  if (spec.generation.cache == CacheKind::dynamic && spec.sdpa == Sdpa::eager)
    all.push_back({ChangeKind::cache, "--cache paged", [](RunSpec& run) { run.generation.cache = CacheKind::paged; }});
}

bool is_sound(RunSpec spec, const models::ModelConfig& model, const Change& change) {
  change.apply(spec);
  try {
    require_sound(spec, model);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The best of each kind that leaves the model what it is, all at once; lower precision first, for others rest on it.
std::optional<Change> together(const FitPlan& plan, const std::vector<Change>& changes,
                               const std::vector<TriedChange>& ranked) {
  std::map<ChangeKind, const Change*> best;
  for (const TriedChange& tried : ranked) {
    const bool helps = tried.run && (tried.saved_bytes ? *tried.saved_bytes > 0 : true);
    if (!helps || !keeps_the_model(tried.kind) || best.contains(tried.kind)) continue;
    best[tried.kind] = &*std::ranges::find(changes, tried.flags, &Change::flags);
  }
  if (best.size() < 2) return {};
  std::string flags;
  std::vector<std::function<void(RunSpec&)>> applied;
  for (const auto& [kind, change] : best) {
    flags += (flags.empty() ? "" : " ") + change->flags;
    applied.push_back(change->apply);
  }
  Change all{ChangeKind::together, flags, [applied](RunSpec& spec) {
               for (const auto& apply : applied) apply(spec);
             }};
  return is_sound(plan.spec, plan.given_model, all) ? std::optional(all) : std::nullopt;
}

// One round of runs on one device, whose results stay where an interrupt ends it.
class Advice {
 public:
  Advice(const FitSearch& search, std::int64_t place, ResultCache& cache, DeviceFit& fit)
      : search_(search), place_(place), cache_(cache), fit_(fit) {}

  void try_all(const std::vector<Change>& changes, const MeasureOptions& options, Interrupts& interrupts) {
    FitRuns runs(cache_);
    for (const Change& change : changes) {
      RunSpec spec = search_.spec_of(place_);
      change.apply(spec);
      runs.add(fmt::format("{} {}", search_.label, change.flags), std::move(spec));
    }
    const auto collect = [&] {
      for (std::size_t i = 0; i < changes.size(); ++i)
        if (const auto result = runs.run_result(i)) fit_.changes.push_back(tried(changes[i], *result));
      rank(fit_.changes);
    };
    run(runs, options, interrupts, collect);
  }

  void search_best(const std::vector<Change>& changes, const MeasureOptions& options, Interrupts& interrupts) {
    FitRuns runs(cache_);
    std::vector<TriedChange*> searched;
    std::set<ChangeKind> kinds;  // of each the best
    for (TriedChange& tried : fit_.changes) {
      const bool helps = tried.run && tried.run->fits() && tried.saved_bytes.value_or(1) > 0;
      const bool is_wanted = tried.kind == ChangeKind::together || kinds.size() < kSearchedChanges;
      if (!helps || !is_wanted || kinds.contains(tried.kind)) continue;
      if (tried.kind != ChangeKind::together) kinds.insert(tried.kind);
      runs.add(search_of(*std::ranges::find(changes, tried.flags, &Change::flags), *tried.run));
      searched.push_back(&tried);
    }
    run(runs, options, interrupts, [&] {
      for (std::size_t i = 0; i < searched.size(); ++i) searched[i]->search = runs.search_result(i);
    });
    code_ = std::max(code_, runs.code());
  }

  ExitCode code() const { return code_; }

 private:
  template <class Collect>
  static void run(FitRuns& runs, const MeasureOptions& options, Interrupts& interrupts, const Collect& collect) {
    try {
      measure(runs, options, interrupts);
    } catch (const Interrupted&) {
      collect();
      throw;
    }
    collect();
  }

  TriedChange tried(const Change& change, const TriedRun& run) const {
    TriedChange out{change.kind, change.flags, {}, {}, {}, run.problem};
    if (!run.problem.empty()) return out;
    out.run = run.run;
    if (fit_.result.largest) out.saved_bytes = fit_.result.largest->allocated_bytes - run.run.allocated_bytes;
    if (!run.run.fits()) out.saved_bytes.reset();
    return out;
  }

  FitSearch search_of(const Change& change, const RunSummary& run) const {
    FitSearch search = search_;
    search.label += " " + change.flags;
    search.family = -1;
    search.start = place_;
    search.known = {{place_, run.allocated_bytes}, {0, search.has_fixed_part ? run.fixed_bytes() : 0}};
    if (search_.low == 0) search.known.pop_back();
    search.spec_of = [spec_of = search_.spec_of, apply = change.apply](std::int64_t place) {
      RunSpec spec = spec_of(place);
      apply(spec);
      return spec;
    };
    return search;
  }

  const FitSearch& search_;
  std::int64_t place_;
  ResultCache& cache_;
  DeviceFit& fit_;
  ExitCode code_ = ExitCode::done;
};

}  // namespace

std::vector<Change> changes_for(const FitPlan& plan, const std::string& device, std::int64_t tokens) {
  std::vector<Change> all;
  add_precision(plan.spec, device, all);
  add_training(plan.spec, tokens, all);
  add_attention(plan, all);
  add_cache(plan.spec, all);
  add_weights(plan.spec, all);
  std::erase_if(all, [&](const Change& change) { return !is_sound(plan.spec, plan.given_model, change); });
  return all;
}

ExitCode advise(const FitPlan& plan, const FitSearch& search, std::int64_t place, ResultCache& cache,
                const MeasureOptions& options, Interrupts& interrupts, DeviceFit& fit) {
  fit.tried_at = search.value_of(place);
  const RunSpec spec = search.spec_of(place);
  std::vector<Change> changes = changes_for(plan, fit.device, spec.batch * spec.seq);
  Advice advice(search, place, cache, fit);
  advice.try_all(changes, options, interrupts);
  if (const auto all = together(plan, changes, fit.changes)) {
    advice.try_all({*all}, options, interrupts);
    changes.push_back(*all);
  }
  advice.search_best(changes, options, interrupts);
  return advice.code();
}

}  // namespace headroom::cli
