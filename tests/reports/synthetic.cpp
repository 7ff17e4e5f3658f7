#include "tests/reports/synthetic.h"

#include <algorithm>
#include <map>
#include <utility>

namespace headroom::synthetic {
namespace {

constexpr std::int64_t kSegment = 20'971'520;

std::size_t at(LayerId id) { return static_cast<std::size_t>(id); }
std::size_t at(Category c) { return static_cast<std::size_t>(c); }
std::int64_t rounded(std::int64_t bytes) { return (bytes + 511) / 512 * 512; }

}  // namespace

Run::Run(std::string label) {
  run.label = std::move(label);
  run.strings = {""};
  run.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
  run.marks.push_back({});
  run.environment.headroom_version = "0.1.0";
}

StringId Run::intern(const std::string& text) {
  const auto found = std::find(run.strings.begin(), run.strings.end(), text);
  if (found == run.strings.end()) run.strings.push_back(text);
  return StringId{
      static_cast<std::uint32_t>(std::find(run.strings.begin(), run.strings.end(), text) - run.strings.begin())};
}

LayerId Run::layer(const std::string& path, LayerKind kind, LayerId parent) {
  const LayerId id{static_cast<std::uint32_t>(run.layers.size())};
  run.layers.push_back({id, parent, path, kind});
  return id;
}

void Run::phase(Phase phase, std::int32_t step) {
  phase_ = phase;
  step_ = step;
  run.marks.push_back({time_ns_, static_cast<std::int64_t>(timeline_.size()), phase, step});
  if (step > 0 && (run.steps.empty() || run.steps.back().step != step)) run.steps.push_back({step, {}});
}

void Run::event() {
  TimelinePoint point{static_cast<std::int64_t>(timeline_.size()), time_ns_, 0, live_};
  std::int64_t total = 0;
  for (const std::int64_t bytes : live_) total += bytes;
  reserved_ = std::max(reserved_, (total + kSegment - 1) / kSegment * kSegment);
  point.reserved_bytes = reserved_;
  timeline_.push_back(point);
  time_ns_ += 1'000;
}

void Run::note_peak(PeakView& peak, LayerId layer) const {
  std::int64_t total = 0;
  for (const std::int64_t bytes : live_) total += bytes;
  if (peak.event >= 0 && total <= peak.allocated_bytes) return;
  peak.event = timeline_.back().event;
  peak.time_ns = timeline_.back().time_ns;
  peak.phase = phase_;
  peak.step = step_;
  peak.layer = layer;
  peak.allocated_bytes = total;
  peak.requested_bytes = requested_;
  peak.reserved_bytes = reserved_;
  peak.categories = live_;
}

std::size_t Run::alloc(LayerId layer, Category category, std::int64_t bytes, const std::string& op,
                       const std::string& tensor, const std::string& source) {
  Allocation a;
  a.begin = static_cast<std::int64_t>(timeline_.size());
  a.address = 0x700000000000 + run.allocations.size() * 0x1000000;
  a.requested_bytes = bytes;
  a.block_bytes = rounded(bytes);
  a.layer = layer;
  a.phase = phase_;
  a.step = step_;
  a.category = category;
  a.op = intern(op);
  a.tensor = intern(tensor);
  a.source = intern(source);
  run.allocations.push_back(a);
  live_[at(category)] += a.block_bytes;
  requested_ += bytes;
  event();
  note_peak(run.peak, layer);
  if (!run.steps.empty()) note_peak(run.steps.back().peak, layer);
  run.peak_requested_bytes = std::max(run.peak_requested_bytes, requested_);
  return run.allocations.size() - 1;
}

void Run::free(std::size_t allocation) {
  Allocation& a = run.allocations[allocation];
  a.end = static_cast<std::int64_t>(timeline_.size());
  live_[at(a.category)] -= a.block_bytes;
  requested_ -= a.requested_bytes;
  event();
}

void Run::closed_form(const std::string& quantity, const std::string& layer, const std::string& formula,
                      std::int64_t bytes, std::int64_t recorded) {
  run.closed_forms.push_back({{quantity, layer, formula, bytes}, recorded});
}

void Run::fill(PeakView& peak) const {
  for (const Layer& layer : run.layers) peak.layers.push_back({layer.id, 0, {}});
  for (std::size_t i = 0; i < run.allocations.size(); ++i) {
    const Allocation& a = run.allocations[i];
    if (a.begin > peak.event || (a.end != kNeverFreed && a.end <= peak.event)) continue;
    peak.live.push_back(static_cast<std::int64_t>(i));
    peak.layers[at(a.layer)].bytes += a.block_bytes;
    peak.layers[at(a.layer)].categories[at(a.category)] += a.block_bytes;
  }
  std::stable_sort(peak.live.begin(), peak.live.end(), [&](auto a, auto b) {
    return run.allocations[static_cast<std::size_t>(a)].block_bytes >
           run.allocations[static_cast<std::size_t>(b)].block_bytes;
  });
}

void Run::fill_layer_rows() {
  for (const Layer& layer : run.layers) run.layer_rows.push_back({.layer = layer.id});
  const std::int32_t last = run.steps.empty() ? 0 : run.steps.back().step;
  for (const Allocation& a : run.allocations) {
    LayerRow& row = run.layer_rows[at(a.layer)];
    if (a.category == Category::parameter) row.parameter_bytes += a.block_bytes;
    if (a.category == Category::optimizer_state) row.optimizer_state_bytes += a.block_bytes;
    if (a.category == Category::kv_cache) row.kv_cache_bytes += a.block_bytes;
    if (a.category == Category::temporary) row.temporary_peak_bytes = std::max(row.temporary_peak_bytes, a.block_bytes);
    if (a.category == Category::gradient && a.step == last) row.gradient_bytes += a.block_bytes;
    if (a.category == Category::activation && a.step == last) {
      row.activation_bytes += a.block_bytes;
      row.activation_requested_bytes += a.requested_bytes;
    }
    const std::int64_t now = [&] {
      std::int64_t total = 0;
      for (const std::int64_t bytes : timeline_[static_cast<std::size_t>(a.begin)].categories) total += bytes;
      return total;
    }();
    if (a.phase == Phase::forward) row.forward_peak_bytes = std::max(row.forward_peak_bytes, now);
    if (a.phase == Phase::backward) row.backward_peak_bytes = std::max(row.backward_peak_bytes, now);
    if (a.category == Category::parameter) run.parameter_bytes += a.block_bytes;
    if (a.category == Category::parameter) run.parameter_count += a.requested_bytes / 4;
  }
}

ReportRun Run::finish() {
  fill(run.peak);
  for (StepView& step : run.steps) fill(step.peak);
  fill_layer_rows();
  run.peak_reserved_bytes = reserved_;
  run.stats = {run.peak.allocated_bytes, run.peak_requested_bytes, reserved_, 0, reserved_};
  run.model.parameter_count = run.parameter_count;
  return {run, timeline_};
}

ReportRun tiny(const std::string& label) {
  Run r(label);
  r.run.spec.model = "tiny";
  r.run.spec.device = "cpu";
  r.run.environment.device_name = "Some CPU";
  r.run.model.name = "tiny";
  const LayerId block = r.layer("block", LayerKind::block);
  const LayerId attention = r.layer("block.attention", LayerKind::attention, block);
  r.alloc(attention, Category::parameter, 4096, "aten::empty", "[32, 32] float32");
  r.phase(Phase::forward, 1);
  const std::size_t input = r.alloc(LayerId::root, Category::input, 100, "", "[25] int32");
  const std::size_t kept = r.alloc(attention, Category::activation, 10'000, "aten::bmm", "[50, 50] float32");
  const std::size_t scratch = r.alloc(attention, Category::temporary, 2'000, "aten::_softmax", "");
  r.free(scratch);
  r.phase(Phase::backward, 1);
  r.alloc(attention, Category::gradient, 4096, "MmBackward0", "[32, 32] float32");
  r.free(kept);
  r.free(input);
  return r.finish();
}

namespace {

struct Sublayer {
  LayerId id{};
  std::int64_t parameters = 0, activations = 0;
  std::string op, shape;
};

// One training step: activations forward, gradients and scratch backward, then the optimizer, whose state stays.
class Training {
 public:
  Training(Run& run, std::vector<Sublayer> sublayers) : run_(run), sublayers_(std::move(sublayers)) {}

  void build() {
    for (const Sublayer& s : sublayers_)
      if (s.parameters > 0) run_.alloc(s.id, Category::parameter, s.parameters, "aten::empty", "[weights] float32");
  }

  void step(std::int32_t number) {
    run_.phase(Phase::forward, number);
    const std::size_t input =
        run_.alloc(LayerId::root, Category::input, 8 * 128 * 8, "aten::randint", "[8, 128] int64");
    forward();
    run_.phase(Phase::backward, number);
    backward();
    run_.phase(Phase::optimizer, number);
    optimize();
    for (const std::size_t g : gradients_) run_.free(g);
    run_.free(input);
    kept_.clear();
    gradients_.clear();
  }

 private:
  void forward() {
    for (const Sublayer& s : sublayers_) {
      const std::size_t scratch = run_.alloc(s.id, Category::temporary, s.activations / 3 + 512, s.op, s.shape);
      kept_.push_back(run_.alloc(s.id, Category::activation, s.activations, s.op, s.shape));
      if (std::exchange(first_, false)) run_.alloc(LayerId::root, Category::workspace, 33'554'432, "aten::addmm", "");
      run_.free(scratch);
    }
  }

  void backward() {
    for (std::size_t i = sublayers_.size(); i-- > 0;) {
      const Sublayer& s = sublayers_[i];
      const std::size_t scratch =
          run_.alloc(s.id, Category::temporary, s.activations / 2 + 512, s.op + "_backward", s.shape);
      if (s.parameters > 0)
        gradients_.push_back(run_.alloc(s.id, Category::gradient, s.parameters, "aten::mm", "[weights] float32"));
      run_.free(scratch);
      run_.free(kept_[i]);
    }
  }

  void optimize() {
    for (const Sublayer& s : sublayers_)
      if (s.parameters > 0 && !has_state_)
        run_.alloc(s.id, Category::optimizer_state, 2 * s.parameters, "aten::zeros_like", "[weights] float32");
    has_state_ = true;
    for (const Sublayer& s : sublayers_)
      if (s.parameters > 0) run_.free(run_.alloc(s.id, Category::temporary, s.parameters, "aten::_foreach_sqrt", ""));
  }

  Run& run_;
  std::vector<Sublayer> sublayers_;
  std::vector<std::size_t> kept_, gradients_;
  bool has_state_ = false, first_ = true;
};

constexpr std::int64_t kTokens = 8 * 128, kWidth = 768;

std::vector<Sublayer> encoder_layers(Run& r, const Variant& v, int layers) {
  std::vector<Sublayer> out;
  const LayerId embeddings = r.layer("embeddings", LayerKind::embedding);
  out.push_back({embeddings, 31'090 * kWidth * 4, kTokens * kWidth * 8, "aten::embedding", "[8, 128, 768] float32"});
  const LayerId encoder = r.layer("encoder", LayerKind::stack);
  for (int i = 0; i < layers; ++i) {
    const std::string path = "encoder.layer." + std::to_string(i);
    const LayerId block = r.layer(path, LayerKind::block, encoder);
    out.push_back({block, 0, kTokens * kWidth, "aten::native_dropout", "[8, 128, 768] bool"});
    out.push_back({r.layer(path + ".attention", LayerKind::attention, block), v.attention_parameters,
                   v.attention_activations, "aten::_softmax", "[8, 12, 128, 128] float32"});
    out.push_back({r.layer(path + ".attention_norm", LayerKind::norm, block), 2 * kWidth * 4, kTokens * kWidth * 4,
                   "aten::native_layer_norm", "[8, 128, 768] float32"});
    out.push_back({r.layer(path + ".ffn", LayerKind::ffn, block), 8 * kWidth * kWidth * 4, kTokens * kWidth * 4 * 9,
                   "aten::addmm", "[1024, 3072] float32"});
    out.push_back({r.layer(path + ".ffn_norm", LayerKind::norm, block), 2 * kWidth * 4, kTokens * kWidth * 4,
                   "aten::native_layer_norm", "[8, 128, 768] float32"});
  }
  out.push_back({r.layer("head", LayerKind::head), kWidth * kWidth * 4, kTokens * 30'522 * 4, "aten::addmm",
                 "[1024, 30522] float32"});
  out.push_back(
      {r.layer("loss", LayerKind::loss), 0, kTokens * 30'522 * 4, "aten::_log_softmax", "[1024, 30522] float32"});
  return out;
}

void describe(Run& r, const Variant& v, int layers) {
  r.run.spec.model = "bert-base";
  r.run.spec.attention = v.name;
  r.run.spec.batch = 8;
  r.run.environment = {"0.1.0", "2.11.0",       "13.0", "", DeviceKind::virtual_cuda, "NVIDIA H100 80GB HBM3",
                       "9.0",   85'017'493'504, ""};
  r.run.model.name = "bert-base";
  r.run.model.attention = v.name;
  r.run.model.config = {{"name", "bert-base"}, {"d_model", kWidth}, {"head_count", 12}};
  r.run.model.attention_parameter_count = layers * v.attention_parameters / 4;
  r.run.model.kv_cache_bytes_per_token = layers * v.kv_bytes_per_token;
  r.run.assumptions = {"The driver's own memory (CUDA context, loaded kernels) is outside these numbers.",
                       "Temporaries of cuBLASLt's heuristics are taken as on an idle device."};
  for (int i = 0; i < layers; ++i) {
    const std::string path = "encoder.layer." + std::to_string(i) + ".attention";
    r.closed_form("activation_bytes", path, "4·(4·B·T·d_m + 2·B·n·T²)", v.attention_activations,
                  v.attention_activations);
    r.closed_form("parameter_bytes", path, "4·(4·d_m² + 4·d_m)", v.attention_parameters, v.attention_parameters);
  }
  r.closed_form("kv_cache_bytes_per_token", "model", "2·n·d·4", layers * v.kv_bytes_per_token, -1);
}

std::optional<double> saving(std::int64_t bytes, std::int64_t baseline) {
  if (baseline == 0) return std::nullopt;
  return 100.0 * (1.0 - static_cast<double>(bytes) / static_cast<double>(baseline));
}

std::int64_t kept(const Breakdown& run) {
  std::int64_t total = 0;
  for (const LayerRow& row : run.layer_rows) total += row.activation_requested_bytes;
  return total;
}

ComparisonRow compare_row(const Breakdown& run, const Breakdown& base) {
  ComparisonRow row{run.label, {}, {}, {}, {}, {}};
  if (run.outcome.kind != OutcomeKind::ok || base.outcome.kind != OutcomeKind::ok) return row;
  row.parameter_saving_percent = saving(run.parameter_bytes, base.parameter_bytes);
  row.activation_saving_percent = saving(kept(run), kept(base));
  row.attention_saving_percent = saving(run.model.attention_parameter_count, base.model.attention_parameter_count);
  row.peak_saving_percent = saving(run.peak.allocated_bytes, base.peak.allocated_bytes);
  row.kv_cache_saving_percent = saving(cache_bytes_per_token(run), cache_bytes_per_token(base));
  return row;
}

}  // namespace

ReportRun encoder(const Variant& variant, int layers) {
  Run r(variant.name);
  Training training(r, encoder_layers(r, variant, layers));
  describe(r, variant, layers);
  training.build();
  training.step(1);
  training.step(2);
  return r.finish();
}

Report report_of(std::vector<ReportRun> runs, std::size_t baseline) {
  Report report;
  report.headroom_version = "0.1.0";
  report.runs = std::move(runs);
  if (report.runs.size() < 2) return report;
  report.comparison.emplace();
  report.comparison->baseline = baseline;
  for (const ReportRun& r : report.runs)
    report.comparison->rows.push_back(compare_row(r.breakdown, report.runs[baseline].breakdown));
  return report;
}

Report seven_variants() {
  constexpr std::int64_t matrix = kWidth * kWidth * 4, scores = 8 * 12 * 128 * 128 * 4, stream = kTokens * kWidth * 4;
  std::vector<ReportRun> runs;
  for (const Variant& v : std::vector<Variant>{{"mha", 4 * matrix, 2 * scores + 4 * stream, 6144},
                                               {"sha", 2 * matrix, scores / 6 + 4 * stream, 512},
                                               {"mqa", 2 * matrix + matrix / 6, 2 * scores + 2 * stream, 512},
                                               {"skv", 3 * matrix, 2 * scores + 3 * stream, 3072},
                                               {"el-slice", 2 * matrix, 2 * scores + 2 * stream, 3072},
                                               {"mhe-add", matrix + matrix / 4 + 9216, 2 * scores + 7 * stream, 512},
                                               {"mhe-mul", matrix + matrix / 4 + 9216, 2 * scores + 10 * stream, 512}})
    runs.push_back(encoder(v));
  return report_of(std::move(runs));
}

ReportRun out_of_memory() {
  Run r("big");
  const LayerId layer = r.layer("encoder.layer.0.attention", LayerKind::attention);
  r.run.spec.model = "big";
  r.run.model.name = "big";
  r.run.environment.device_kind = DeviceKind::virtual_cuda;
  r.run.environment.device_name = "NVIDIA GeForce RTX 4090";
  r.alloc(layer, Category::parameter, 1'048'576, "aten::empty", "[512, 512] float32");
  r.phase(Phase::forward, 1);
  r.alloc(layer, Category::other, 2'097'152, "aten::bmm", "[1024, 512] float32");
  r.run.outcome = {OutcomeKind::oom, "CUDA out of memory.",      8'589'934'592, 536'870'912, 3'145'728, 20'971'520,
                   "forward",        "encoder.layer.0.attention"};
  return r.finish();
}

ReportRun failed() {
  ReportRun run;
  run.breakdown.label = "broken";
  run.breakdown.spec.model = "bert-base";
  run.breakdown.outcome.kind = OutcomeKind::error;
  run.breakdown.outcome.message = "the worker was killed by signal 9";
  return run;
}

ReportRun hostile() {
  const std::string markup = "<script>alert(1)</script><!--</style>{{data}}", escape = "\x1b[31m\x1b]0;title\x07\r\n\t",
                    bad = "\xff\xc3(";
  Run r("名前" + markup + escape + bad);
  r.run.spec.model = "/tmp/" + markup + "/config.json";
  r.run.model.name = markup + escape;
  r.run.environment.device_name = markup;
  r.run.assumptions = {markup + escape + bad};
  r.run.dropped_event_count = 3;
  const LayerId layer = r.layer("注意力." + markup + escape, LayerKind::attention);
  r.alloc(layer, Category::parameter, 1000, markup, escape + bad);
  r.closed_form("parameter_bytes", markup, "4·<b>d</b>" + escape, 999, 1000);
  return r.finish();
}

ReportRun program(const std::string& label) {
  Run r(label);
  r.run.spec = {.model = "train.py",
                .device = "virtual:8xa100-80gb",
                .virtual_options = {600 << 20, "shuffled:1", VirtualEvents::delayed, true},
                .command = {"python", "train.py", "--lr", "3e-4"},
                .values = {{"train.py:42", 3}},
                .source_lines = true,
                .ranks = 16,
                .rank = 3};
  r.run.model.name = "train.py";
  r.run.environment.device_kind = DeviceKind::virtual_cuda;
  r.run.environment.device_name = "NVIDIA A100-SXM4-80GB";
  r.run.environment.device_total_bytes = 85'000'000'000;
  r.run.outcome = {OutcomeKind::error, "the program ended with exit code 1"};
  const LayerId layer = r.layer("encoder.layer.0", LayerKind::block);
  r.alloc(layer, Category::parameter, 4'000'000, "aten::empty", "[1000, 1000] float32", "train.py:10");
  r.alloc(layer, Category::parameter, 4'000, "aten::empty", "[1000] float32", "train.py:10");
  r.phase(Phase::forward, 1);
  r.alloc(layer, Category::activation, 8'000'000, "aten::mm", "[2000, 1000] float32", "model.py:31");
  r.alloc(LayerId::root, Category::workspace, 8'519'680, "aten::mm");
  r.run.assumptions = {"train.py:42 read 8 bytes of the device: 3, as stated", "train.py:77 read 1 byte of the device as 0 (--value train.py:77=VALUE)",
                       "the CUDA context and its loaded modules are counted as 0 bytes: a real card has less memory to give"};
  ReportRun run = r.finish();
  run.orders = {{"shuffled:1", OutcomeKind::ok, 20'524'544, 20'523'680, 20'971'520},
                {"descending", OutcomeKind::ok, 20'524'032, 20'523'680, 41'943'040},
                {"ascending", OutcomeKind::oom, 0, 0, 0}};
  return run;
}

std::vector<Named> all_reports() {
  const ReportRun mha = seven_variants().runs.front();
  std::vector<ReportRun> many;
  for (int i = 0; i < 15; ++i) many.push_back(tiny("run " + std::to_string(i)));
  return {{"none", report_of({})},
          {"tiny", report_of({tiny()})},
          {"profile", report_of({mha})},
          {"seven", seven_variants()},
          {"oom", report_of({out_of_memory()})},
          {"failed", report_of({failed()})},
          {"mixed", report_of({tiny(), out_of_memory(), failed(), program()})},
          {"program", report_of({program()})},
          {"ranks", {"0.1.0", {program("train.rank0"), program("train.rank1")}, {}}},
          {"failed-baseline", report_of({failed(), tiny()})},
          {"hostile", report_of({hostile()})},
          {"hostile-compare", report_of({hostile(), tiny(std::string(300, 'x'))})},
          {"traced", report_of({traced(false)})},
          {"traced-real", report_of({traced(true)})},
          {"traced-mixed", report_of({traced(true), untraceable(), tiny()})},
          {"generate", report_of({generation_with_fit()})},
          {"generate-paged", report_of({generation({.cache = CacheKind::paged})})},
          {"generate-one", report_of({generation({.layers = 1, .new_tokens = 1})})},
          {"generations", generations()},
          {"many", report_of(std::move(many))}};
}

}  // namespace headroom::synthetic
