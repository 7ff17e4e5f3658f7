// Runs of --mode generate: recordings made by hand, whose breakdowns are those that analysis/ makes.
#include <algorithm>
#include <vector>

#include "tests/recording_text.h"
#include "tests/reports/synthetic.h"

namespace headroom::synthetic {
namespace {

constexpr std::int64_t kWidth = 768, kVocabulary = 50'257;

class Generating {
 public:
  Generating(const GenerationSample& sample) : sample_(sample) {
    r_.spec = {.model = "gpt2",
               .attention = sample.label,
               .batch = sample.batch,
               .seq = sample.prompt,
               .mode = Mode::generate,
               .generation = {.new_tokens = sample.new_tokens, .cache = sample.cache},
               .dtype = Dtype::bf16};
    r_.environment = {"0.1.0", "2.11.0",       "13.0", "", DeviceKind::virtual_cuda, "NVIDIA H100 80GB HBM3",
                      "9.0",   85'017'493'504, ""};
    r_.model = {"gpt2", sample.label, {{"name", "gpt2"}, {"architecture", "decoder-only"}}, 0, 0, 0};
    r_.layers = {{LayerId::root, LayerId::root, "model", LayerKind::model}};
    const LayerId stack = layer("decoder", LayerKind::stack, LayerId::root);
    for (int i = 0; i < sample.layers; ++i) {
      const std::string path = "decoder.layer." + std::to_string(i);
      const LayerId block = layer(path, LayerKind::block, stack);
      attention_.push_back(layer(path + ".attention", LayerKind::attention, block));
      ffn_.push_back(layer(path + ".ffn", LayerKind::ffn, block));
    }
    head_ = layer("head", LayerKind::head, LayerId::root);
    keys_.resize(attention_.size());
    values_.resize(attention_.size());
  }

  Recording run() {
    mark(Phase::build, 0);
    for (const LayerId id : attention_) parameter(id, 4 * kWidth * kWidth);
    for (const LayerId id : ffn_) parameter(id, 8 * kWidth * kWidth);
    parameter(head_, kVocabulary * kWidth);
    mark(Phase::prefill, 1);
    forward(sample_.prompt, sample_.prompt);
    for (std::int32_t step = 2; step <= sample_.new_tokens; ++step) {
      mark(Phase::decode, step);
      forward(1, sample_.prompt + step - 1);
    }
    add_forms();
    r_.model.kv_cache_bytes_per_token = sample_.layers * 2 * row_bytes();
    testing_support::set_stats_by_replay(r_);
    return std::move(r_);
  }

 private:
  struct Block {
    std::uint64_t address = 0;
    std::int64_t bytes = 0;
  };

  std::int64_t row_bytes() const { return sample_.key_width * 2; }  // of a token's keys in one layer
  std::int64_t sequences() const { return sample_.batch; }

  LayerId layer(const std::string& path, LayerKind kind, LayerId parent) {
    const auto id = static_cast<LayerId>(r_.layers.size());
    r_.layers.push_back({id, parent, path, kind});
    return id;
  }

  void mark(Phase phase, std::int32_t step) {
    phase_ = phase;
    step_ = step;
    r_.marks.push_back({time(), static_cast<std::int64_t>(r_.events.size()), phase, step});
  }

  std::int64_t time() const { return static_cast<std::int64_t>(r_.events.size()) * 1000; }

  StringId string(const std::string& text) {
    const auto found = std::find(r_.strings.begin(), r_.strings.end(), text);
    const auto id = static_cast<StringId>(found - r_.strings.begin());
    if (found == r_.strings.end()) r_.strings.push_back(text);
    return id;
  }

  void event(Action action, const Block& block, LayerId layer, Category category, const char* op,
             const std::string& tensor) {
    Events& e = r_.events;
    e.time_ns.push_back(time());
    e.action.push_back(action);
    e.address.push_back(block.address);
    e.requested_bytes.push_back(block.bytes);
    e.block_bytes.push_back((block.bytes + 511) / 512 * 512);
    e.layer.push_back(layer);
    e.phase.push_back(phase_);
    e.step.push_back(step_);
    e.category.push_back(category);
    e.op.push_back(string(op));
    e.tensor.push_back(string(tensor));
  }

  Block allocate(LayerId layer, Category category, std::int64_t bytes, const char* op, const std::string& tensor) {
    const Block block{next_address_ += std::uint64_t{1} << 34, bytes};
    event(Action::alloc, block, layer, category, op, tensor);
    return block;
  }
  void release(const Block& block) { event(Action::free, block, LayerId::root, Category::unresolved, "", ""); }

  void parameter(LayerId layer, std::int64_t count) {
    r_.parameters.push_back(
        {"p" + std::to_string(r_.parameters.size()), {count}, "bfloat16", 2 * count, layer, true, ""});
    r_.model.parameter_count += count;
    allocate(layer, Category::parameter, 2 * count, "aten::empty", "[weights] bfloat16");
  }

  // The cache's rows after `tokens` of a sequence: a new block that takes the place of the old, room for all, or pages.
  void keep(std::vector<Block>& blocks, LayerId layer, std::int64_t tokens) {
    const Generation& generation = r_.spec.generation;
    const auto rows = [&](std::int64_t count, const char* op) {
      return allocate(layer, Category::kv_cache, sequences() * count * row_bytes(), op, "[cache] bfloat16");
    };
    if (generation.cache == CacheKind::fixed && blocks.empty())
      blocks.push_back(rows(sample_.prompt + sample_.new_tokens, "aten::zeros"));
    if (generation.cache == CacheKind::paged)
      while (static_cast<std::int64_t>(blocks.size()) * generation.page < tokens)
        blocks.push_back(rows(generation.page, "aten::empty"));
    if (generation.cache != CacheKind::dynamic) return;
    const Block joined = rows(tokens, "aten::cat");
    for (const Block& old : blocks) release(old);
    blocks = {joined};
  }

  void forward(std::int64_t queries, std::int64_t tokens) {
    const std::int64_t stream = sequences() * queries * kWidth * 2;
    for (std::size_t i = 0; i < attention_.size(); ++i) {
      const Block projected =
          allocate(attention_[i], Category::temporary, 3 * stream, "aten::addmm", "[projected] bfloat16");
      keep(keys_[i], attention_[i], tokens);
      keep(values_[i], attention_[i], tokens);
      const Block scores = allocate(attention_[i], Category::temporary, sequences() * 12 * queries * tokens * 2,
                                    "aten::_softmax", "[scores] bfloat16");
      release(projected);
      release(scores);
      const Block inner = allocate(ffn_[i], Category::temporary, 4 * stream, "aten::addmm", "[inner] bfloat16");
      release(inner);
    }
    release(allocate(head_, Category::temporary, sequences() * kVocabulary * 2, "aten::mm", "[logits] bfloat16"));
  }

  void add_forms() {
    const std::int64_t last = sample_.prompt + sample_.new_tokens - 1, page = r_.spec.generation.page;
    const std::int64_t rows = sample_.cache == CacheKind::fixed   ? last + 1
                              : sample_.cache == CacheKind::paged ? (last + page - 1) / page * page
                                                                  : last;
    for (const LayerId id : attention_) {
      const std::string& path = r_.layers[static_cast<std::size_t>(id)].path;
      r_.closed_forms.push_back({"kv_cache_bytes_per_token", path, "2·n_kv·d bytes of 2", 2 * row_bytes()});
      r_.closed_forms.push_back(
          {"kv_cache_bytes", path, "B·T·2·n_kv·d elements of 2 B", sequences() * rows * 2 * row_bytes()});
    }
    r_.closed_forms.push_back(
        {"kv_cache_bytes_per_token", "model", "all decoder layers, one sequence", sample_.layers * 2 * row_bytes()});
  }

  const GenerationSample sample_;
  Recording r_;
  std::vector<LayerId> attention_, ffn_;
  LayerId head_{};
  std::vector<std::vector<Block>> keys_, values_;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
  std::uint64_t next_address_ = std::uint64_t{1} << 40;
};

}  // namespace

ReportRun generation(const GenerationSample& sample) {
  const Recording recording = Generating(sample).run();
  ReportRun run;
  run.breakdown = make_breakdown(recording, sample.label);
  run.timeline = make_timeline(recording, run.breakdown, 2000);
  return run;
}

ReportRun generation_with_fit() {
  ReportRun run = generation({});
  run.fit = Fit{"",
                {{FitSize::context, {1024, true, 1}, FitLimit::positions, 3, ""},
                 {FitSize::batch, {3120, false, 6}, FitLimit::tokens, 4, ""}}};
  return run;
}

Report generations() {
  std::vector<ReportRun> runs;
  for (const auto& [label, width] : {std::pair{"mha", 768}, {"gqa", 256}, {"mqa", 64}}) {
    GenerationSample sample;
    sample.label = label;
    sample.key_width = width;
    runs.push_back(generation(sample));
  }
  return report_of(std::move(runs));
}

}  // namespace headroom::synthetic
