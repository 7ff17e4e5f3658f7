#include "tests/recording_text.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>

namespace headroom::testing_support {
namespace {

class Parser {
 public:
  Parser() {
    result_.recording.spec.model = "text";
    result_.recording.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
    result_.recording.environment.device_kind = DeviceKind::cpu;
  }

  void line(const std::string& text) {
    std::istringstream words(text);
    std::string word;
    if (!(words >> word) || word[0] == '#') return;
    if (word == "mode") return read_mode(words);
    if (word == "parameter") return read_parameter(words);
    if (word == "form") return read_form(words);
    if (word == "outcome") return read_outcome(words);
    if (word == "==") return read_mark(words);
    const bool segment = word == "segment";
    if (segment) word = next(words);
    time_ += 10;
    if (word.starts_with("t=")) {
      time_ = std::stoll(word.substr(2));
      word = next(words);
    }
    if (word[0] == '+') return allocate(word, words, segment);
    if (word[0] == '-') return release(word, segment);
    throw std::invalid_argument("what is '" + word + "'?");
  }

  TextRecording finish() {
    set_stats_by_replay(result_.recording);
    return std::move(result_);
  }

 private:
  struct Block {
    std::uint64_t address;
    std::int64_t requested, bytes;
  };

  static std::string next(std::istringstream& words) {
    std::string word;
    if (!(words >> word)) throw std::invalid_argument("a word is missing");
    return word;
  }

  void read_mode(std::istringstream& words) {
    result_.recording.spec.mode = from_name(kModeNames, "mode", next(words));
  }
  void read_outcome(std::istringstream& words) {
    result_.recording.outcome.kind = from_name(kOutcomeNames, "outcome", next(words));
  }

  void read_parameter(std::istringstream& words) {
    ParameterRecord p;
    p.name = next(words);
    p.layer = layer(next(words));
    std::string shape = next(words);
    p.dtype = next(words);
    std::replace_if(
        shape.begin(), shape.end(), [](unsigned char c) { return !std::isdigit(c); }, ' ');
    std::istringstream extents(shape);
    std::int64_t count = 1;
    for (std::int64_t extent; extents >> extent; count *= extent) p.shape.push_back(extent);
    std::string equals;
    if (words >> equals) {
      p.shared_with = next(words);
    } else {
      p.bytes = count * (p.dtype == "float32" ? 4 : 2);
      result_.recording.model.parameter_count += count;
    }
    result_.recording.parameters.push_back(p);
  }

  void read_form(std::istringstream& words) {
    ClosedForm form;
    form.quantity = next(words);
    form.layer = next(words);
    form.bytes = std::stoll(next(words));
    result_.recording.closed_forms.push_back(form);
  }

  void read_mark(std::istringstream& words) {
    phase_ = from_name(kPhaseNames, "phase", next(words));
    step_ = std::stoi(next(words));
    result_.recording.marks.push_back({time_, event_count(), phase_, step_});
  }

  void allocate(const std::string& word, std::istringstream& words, bool segment) {
    const std::size_t at = word.find('@'), slash = word.find('/');
    const std::string name = at == std::string::npos ? "#" + std::to_string(event_count()) : word.substr(at + 1);
    Block block{address_of(name, segment), 0, std::stoll(word.substr(1))};
    if (!segment) block.requested = slash < at ? std::stoll(word.substr(slash + 1)) : block.bytes;
    blocks_[key(name, segment)] = block;
    push(segment ? Action::segment_alloc : Action::alloc, block);
    if (segment) return;
    Events& e = result_.recording.events;
    e.layer.back() = layer(next(words));
    const std::string op = next(words);
    if (op != "-") e.op.back() = string(op);
    read_category(next(words));
    std::string rest;
    std::getline(words >> std::ws, rest);
    if (rest.size() > 2) e.tensor.back() = string(rest.substr(1, rest.size() - 2));
  }

  void read_category(std::string word) {
    const bool untagged = word.back() == '?';
    if (untagged) word.pop_back();
    const Category category = from_name(kCategoryNames, "category", word);
    if (!untagged) result_.recording.events.category.back() = category;
    result_.expected[event_count() - 1] = category;
  }

  void release(const std::string& word, bool segment) {
    const auto found = blocks_.find(key(word.substr(word.find('@') + 1), segment));
    if (found == blocks_.end()) throw std::invalid_argument("no such block: " + word);
    push(segment ? Action::segment_free : Action::free, found->second);
  }

  void push(Action action, const Block& block) {
    Events& e = result_.recording.events;
    e.time_ns.push_back(time_);
    e.action.push_back(action);
    e.address.push_back(block.address);
    e.requested_bytes.push_back(block.requested);
    e.block_bytes.push_back(block.bytes);
    e.layer.push_back(LayerId::root);
    e.phase.push_back(phase_);
    e.step.push_back(step_);
    e.category.push_back(Category::unresolved);
    e.op.push_back(StringId::none);
    e.tensor.push_back(StringId::none);
  }

  static std::string key(const std::string& name, bool segment) { return (segment ? "segment " : "block ") + name; }

  std::uint64_t address_of(const std::string& name, bool segment) {
    const auto known = blocks_.find(key(name, segment));
    return known != blocks_.end() ? known->second.address : 0x1000 * (blocks_.size() + 1);
  }

  LayerId layer(const std::string& path) {
    auto& layers = result_.recording.layers;
    for (const Layer& known : layers)
      if (known.path == path) return known.id;
    const std::size_t slash = path.rfind('/');
    const LayerId parent = slash == std::string::npos ? LayerId::root : layer(path.substr(0, slash));
    const auto id = static_cast<LayerId>(layers.size());
    layers.push_back({id, parent, path, LayerKind::other});
    return id;
  }

  StringId string(const std::string& text) {
    auto& strings = result_.recording.strings;
    const auto found = std::find(strings.begin(), strings.end(), text);
    const auto index = static_cast<StringId>(found - strings.begin());
    if (found == strings.end()) strings.push_back(text);
    return index;
  }

  std::int64_t event_count() const { return static_cast<std::int64_t>(result_.recording.events.size()); }

  TextRecording result_;
  std::map<std::string, Block> blocks_;
  std::int64_t time_ = 0;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

}  // namespace

TextRecording parse_recording_text(std::string_view text) {
  Parser parser;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    try {
      parser.line(line);
    } catch (const std::exception& error) {
      throw std::invalid_argument("'" + line + "': " + error.what());
    }
  }
  return parser.finish();
}

Recording recording_from_text(std::string_view text) { return parse_recording_text(text).recording; }

void set_stats_by_replay(Recording& recording) {
  AllocatorStats& s = recording.stats = {};
  const Events& e = recording.events;
  std::int64_t requested = 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    const bool segment = e.action[i] == Action::segment_alloc || e.action[i] == Action::segment_free;
    const bool begins = e.action[i] == Action::alloc || e.action[i] == Action::segment_alloc;
    (segment ? s.final_reserved_bytes : s.final_allocated_bytes) += begins ? e.block_bytes[i] : -e.block_bytes[i];
    requested += begins ? e.requested_bytes[i] : -e.requested_bytes[i];
    s.peak_allocated_bytes = std::max(s.peak_allocated_bytes, s.final_allocated_bytes);
    s.peak_requested_bytes = std::max(s.peak_requested_bytes, requested);
    s.peak_reserved_bytes = std::max(s.peak_reserved_bytes, s.final_reserved_bytes);
  }
}

}  // namespace headroom::testing_support
