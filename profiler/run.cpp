#include "profiler/run.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "models/catalog/config.h"
#include "models/generation.h"
#include "models/model.h"
#include "profiler/closed_forms.h"
#include "profiler/counted_run.h"
#include "profiler/cuda.h"
#include "profiler/device.h"
#include "profiler/device_memory.h"
#include "profiler/dtype_name.h"
#include "profiler/grad_scaler.h"
#include "profiler/optimizer.h"
#include "profiler/recorder.h"
#include "profiler/traced_run.h"

namespace headroom::profiler {
namespace {

void require_generation(const RunSpec& spec, const models::ModelConfig& config) {
  models::require_generation(config, cache_size(spec, config), spec.seq, spec.generation.new_tokens);
  if (spec.generation.cache == CacheKind::paged && spec.sdpa != Sdpa::eager && models::uses_back_end(config))
    throw bad_input(
        fmt::format("--cache paged runs eager only: scaled_dot_product_attention takes keys in one piece, "
                    "and pages are several; use --sdpa eager, not {}",
                    to_name(kSdpaNames, spec.sdpa)));
}

models::ModelConfig resolve_model(const RunSpec& spec) {
  models::ModelConfig config = models::load_model(spec.model);
  config = models::with_attention_and_positions(std::move(config), spec.attention, spec.positions);
  if (spec.dropout) config.embedding_dropout = config.attention_dropout = config.residual_dropout = *spec.dropout;
  models::validate_shape(config, spec.batch, spec.seq);
  if (spec.mode == Mode::generate) require_generation(spec, config);
  if (spec.loss_chunk > 0 && config.head != models::Head::mlm && config.head != models::Head::lm)
    throw bad_input("--loss-chunk is of a vocabulary's logits, and " + config.name + " has none");
  return config;
}

at::ScalarType parameter_dtype(Dtype dtype) {
  if (dtype == Dtype::fp16) return at::kHalf;
  if (dtype == Dtype::bf16) return at::kBFloat16;
  return at::kFloat;
}

std::optional<at::ScalarType> autocast_dtype(Dtype dtype) {
  if (dtype == Dtype::amp_fp16) return at::kHalf;
  if (dtype == Dtype::amp_bf16) return at::kBFloat16;
  return std::nullopt;
}

models::AttentionBackend attention_backend(Sdpa sdpa) {
  switch (sdpa) {
    case Sdpa::math:
      return models::AttentionBackend::math;
    case Sdpa::flash:
      return models::AttentionBackend::flash;
    case Sdpa::efficient:
      return models::AttentionBackend::efficient;
    case Sdpa::eager:
      break;
  }
  return models::AttentionBackend::eager;
}

// What the spec asks for and nothing else: cuDNN's attention, which PyTorch would prefer on some devices, is off.
void allow_only(Sdpa sdpa) {
  at::globalContext().setSDPUseFlash(sdpa == Sdpa::flash);
  at::globalContext().setSDPUseMemEfficient(sdpa == Sdpa::efficient);
  at::globalContext().setSDPUseMath(sdpa == Sdpa::math);
  at::globalContext().setSDPUseCuDNN(false);
}

// `with torch.autocast(device, dtype)`; leaving it drops the casted weights it kept.
class Autocast {
 public:
  Autocast(at::DeviceType device, Dtype dtype) : device_(device), active_(autocast_dtype(dtype).has_value()) {
    if (!active_) return;
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::set_autocast_dtype(device_, *autocast_dtype(dtype));
    at::autocast::set_autocast_cache_enabled(true);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (!active_) return;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool active_;
};

class Session : private ParameterObserver {
 public:
  // `traced`: nullptr where nothing is. `on_place`: Recorder::Options.
  Session(const RunSpec& spec, models::ModelConfig config, at::Device device, TracedRun* traced, Progress& progress,
          std::function<void(LayerId, Phase)> on_place = {})
      : spec_(spec),
        config_(std::move(config)),
        device_(device),
        traced_(traced),
        progress_(progress),
        recorder_({.tracer = traced ? &traced->tracer() : nullptr, .on_place = std::move(on_place)}) {
    recorder_.add(device);
    if (traced_) traced_->begin(recorder_, device);
  }

  void build();
  void take_steps();
  Recording finish();
  Recorder& recorder() { return recorder_; }
  void ran_out_of_memory(const std::string& message);
  std::string where() const { return where_; }

 private:
  void begin(Phase phase, std::int32_t step);
  void read_layers();
  void tag_parameters();
  void tag_gradients();
  void train_step(std::int32_t step);
  void micro_batch(std::int32_t step);
  void update_parameters();
  void forward_step(std::int32_t step);
  void generate();
  models::CacheOptions cache_options();
  std::int64_t step_count() const { return spec_.mode == Mode::generate ? spec_.generation.new_tokens : spec_.steps; }
  Outcome outcome() const;
  ModelSummary summary() const;

  void begin_parameter(std::size_t index) override { parameter_scope_.emplace(trainable_layers_[index]); }
  void end_parameter() override { parameter_scope_.reset(); }
  void on_state(std::size_t index, const at::Tensor& state) override {
    recorder_.tag(state, Category::optimizer_state, trainable_layers_[index]);
  }
  void on_shared_state(const at::Tensor& state) override {
    recorder_.tag(state, Category::optimizer_state, LayerId::root);
  }

  const RunSpec& spec_;
  const models::ModelConfig config_;
  const at::Device device_;
  TracedRun* const traced_;
  Progress& progress_;
  std::string where_ = "building the model";
  std::string message_;  // PyTorch's own words when memory ran out
  std::vector<Layer> layers_;
  std::unordered_map<std::string, LayerId> layer_ids_;
  std::vector<ParameterRecord> parameter_records_;
  LayerId loss_layer_{};
  std::vector<at::Tensor> trainable_;
  std::vector<LayerId> trainable_layers_;
  Recorder recorder_;
  std::optional<Attribution::LayerScope> parameter_scope_;
  std::unique_ptr<models::Model> model_;
  models::Batch batch_;
  std::unique_ptr<models::Generation> generation_;
  std::unique_ptr<ParameterUpdate> optimizer_;
  std::optional<GradScaler> scaler_;  // as PyTorch trains under fp16 autocast
  std::int32_t step_ = 0;
  at::Tensor result_;  // the loop's variable `loss` (train) or `output` (forward)
};

void Session::begin(Phase phase, std::int32_t step) {
  step_ = step;
  if (step > 0) where_ = fmt::format("{} of step {}", to_name(kPhaseNames, phase), step);
  recorder_.begin_phase(phase, step);
  progress_.report({phase, step, step_count(), recorder_.allocated_bytes()});
}

void Session::build() {
  progress_.report({Phase::build, 0, step_count(), 0});
  at::manual_seed(static_cast<std::uint64_t>(spec_.seed));
  allow_only(spec_.sdpa);
  model_ = models::build_model(
      config_, {.device = device_,
                .dtype = parameter_dtype(spec_.dtype),
                .backend = attention_backend(spec_.sdpa),
                .training = spec_.mode == Mode::train,
                .checkpoint_blocks = spec_.checkpoint == Checkpoint::block,
                .on_recompute = [this](bool begins) { begin(begins ? Phase::recompute : Phase::backward, step_); },
                .loss_chunk = spec_.loss_chunk});
  read_layers();
  tag_parameters();
  const auto make = spec_.mode == Mode::generate ? models::make_prompt : models::make_batch;
  batch_ = make(config_, spec_.batch, spec_.seq, device_);
  for (const at::Tensor& tensor : batch_.tensors()) recorder_.tag(tensor, Category::input);
  if (spec_.mode != Mode::train) return;
  optimizer_ = make_optimizer({spec_.optimizer, spec_.optimizer_implementation, spec_.momentum}, trainable_, *this);
  if (optimizer_ && spec_.dtype == Dtype::amp_fp16) scaler_.emplace(static_cast<ParameterObserver&>(*this));
}

void Session::read_layers() {
  for (const models::ModelLayer& layer : model_->layers()) {
    const auto id = static_cast<LayerId>(layers_.size());
    layer_ids_[layer.path] = id;
    const auto kind = from_name(kLayerKindNames, "layer kind", layer.kind);
    layers_.push_back({id, layer_ids_.at(layer.parent), layer.path, kind});
    if (kind == LayerKind::loss) loss_layer_ = id;
  }
  recorder_.attribution().set_layers(layers_);
}

void Session::tag_parameters() {
  for (const models::ModelParameter& parameter : model_->parameters()) {
    const LayerId layer = layer_ids_.at(parameter.layer);
    const at::Tensor& tensor = parameter.tensor;
    const bool own = parameter.shared_with.empty();
    parameter_records_.push_back({parameter.name, tensor.sizes().vec(), std::string(dtype_name(tensor.scalar_type())),
                                  own ? static_cast<std::int64_t>(tensor.nbytes()) : 0, layer, tensor.requires_grad(),
                                  parameter.shared_with});
    if (!own) continue;
    recorder_.tag(tensor, Category::parameter, layer);
    if (!tensor.requires_grad()) continue;
    trainable_.push_back(tensor);
    trainable_layers_.push_back(layer);
    recorder_.attribution().set_layer_of(tensor.unsafeGetTensorImpl(), layer);
  }
  for (const at::Tensor& buffer : model_->buffers()) recorder_.tag(buffer, Category::other);
}

void Session::tag_gradients() {
  for (std::size_t i = 0; i < trainable_.size(); ++i)
    recorder_.tag(trainable_[i].grad(), Category::gradient, trainable_layers_[i]);
}

void Session::ran_out_of_memory(const std::string& message) {
  message_ = message;
  tag_gradients();
}

void Session::take_steps() {
  if (spec_.mode == Mode::generate) return generate();
  for (std::int32_t step = 1; step <= spec_.steps; ++step)
    spec_.mode == Mode::train ? train_step(step) : forward_step(step);
}

void Session::forward_step(std::int32_t step) {
  begin(Phase::forward, step);
  const at::NoGradGuard no_grad;
  const Autocast autocast(device_.type(), spec_.dtype);
  result_ = model_->forward(batch_);
}

models::CacheOptions Session::cache_options() {
  models::CacheOptions options;
  options.size = cache_size(spec_, config_);
  options.device = device_;
  options.dtype = autocast_dtype(spec_.dtype).value_or(parameter_dtype(spec_.dtype));
  options.on_block = [this](const at::Tensor& block, const std::string& layer) {
    recorder_.tag(block, Category::kv_cache, layer_ids_.at(layer));
  };
  return options;
}

void Session::generate() {
  const auto in_step = [&](Phase phase, std::int32_t step, const auto& operation) {
    begin(phase, step);
    const at::NoGradGuard no_grad;
    const Autocast autocast(device_.type(), spec_.dtype);
    operation();
  };
  in_step(Phase::prefill, 1, [&] {
    generation_ = std::make_unique<models::Generation>(*model_, cache_options());
    generation_->prefill(batch_);
  });
  for (std::int32_t step = 2; step <= step_count(); ++step) in_step(Phase::decode, step, [&] { generation_->step(); });
}

void Session::train_step(std::int32_t step) {
  begin(Phase::forward, step);
  drop_gradients(trainable_);
  micro_batch(step);
  for (std::int64_t i = 1; i < spec_.accumulate; ++i) {
    begin(Phase::forward, step);
    micro_batch(step);
  }
  if (!optimizer_) return;
  begin(Phase::optimizer, step);
  update_parameters();
}

void Session::micro_batch(std::int32_t step) {
  Attribution& attribution = recorder_.attribution();
  attribution.begin_forward();
  {
    const Autocast autocast(device_.type(), spec_.dtype);
    result_ = model_->loss(batch_);
  }
  at::Tensor scaled = result_;
  if (spec_.accumulate > 1 || scaler_) {
    attribution.enter(loss_layer_);
    if (spec_.accumulate > 1) result_ = scaled = result_ / spec_.accumulate;
    if (scaler_) scaled = scaler_->scale(result_);
    attribution.leave();
  }
  begin(Phase::backward, step);
  attribution.begin_backward(loss_layer_);
  scaled.backward();
  attribution.end_backward();
  tag_gradients();
}

void Session::update_parameters() {
  if (scaler_ && spec_.clip) scaler_->unscale(trainable_);
  if (spec_.clip) clip_gradients(trainable_, *spec_.clip);
  if (!scaler_) return optimizer_->step();
  scaler_->step(*optimizer_, trainable_);
  scaler_->update();
}

Outcome Session::outcome() const {
  const auto& failure = recorder_.out_of_memory();
  if (!failure) return {};
  Outcome outcome;
  outcome.kind = OutcomeKind::oom;
  outcome.message = message_;
  outcome.failed_request_bytes = failure->request_bytes;
  outcome.free_bytes = failure->free_bytes;
  outcome.allocated_bytes = failure->totals.allocated_bytes;
  outcome.reserved_bytes = device_.is_cuda() ? failure->totals.reserved_bytes : failure->totals.allocated_bytes;
  outcome.phase = to_name(kPhaseNames, failure->phase);
  const auto layer = static_cast<std::size_t>(failure->layer);
  outcome.layer = layer < layers_.size() ? layers_[layer].path : "model";
  return outcome;
}

ModelSummary Session::summary() const {
  ModelSummary summary;
  summary.name = config_.name;
  summary.attention = config_.attention;
  summary.config = models::to_json(config_);
  summary.parameter_count = models::parameter_count(config_);
  summary.attention_parameter_count = models::attention_parameter_count(config_);
  summary.kv_cache_bytes_per_token = kv_cache_bytes_per_token(spec_, config_);
  return summary;
}

Recording Session::finish() {
  if (traced_) traced_->end(recorder_);
  recorder_.stop();
  Recording recording;
  recording.spec = spec_;
  recording.environment = describe_environment(device_);
  recording.outcome = outcome();
  recording.model = summary();
  if (layers_.empty()) layers_.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
  recording.closed_forms = closed_forms(spec_, config_, layers_);
  recording.layers = std::move(layers_);
  recording.parameters = std::move(parameter_records_);
  if (device_.is_cuda()) recording.assumptions = cuda::virtual_assumptions();
  recorder_.take(recording);
  if (traced_) traced_->join(recording);
  return recording;
}

std::string first_line(const char* text) {
  const std::string whole = text;
  return whole.substr(0, whole.find('\n'));
}

// Torch has no kernel for what the spec combines: the user can choose another combination.
bool has_no_kernel(const c10::Error& error, const std::string& message) {
  // The last two are what scaled_dot_product_attention says when no allowed back end takes the shapes.
  constexpr std::array kWords{"not implemented for", "No available kernel", "Invalid backend"};
  return dynamic_cast<const c10::NotImplementedError*>(&error) != nullptr ||
         std::any_of(kWords.begin(), kWords.end(),
                     [&](auto words) { return message.find(words) != std::string::npos; });
}

Error unsupported(const RunSpec& spec, const std::string& where, const std::string& message) {
  return bad_input(fmt::format("PyTorch has no kernel on {} for {} with --dtype {} --sdpa {} ({}): {}", spec.device,
                               spec.model, to_name(kDtypeNames, spec.dtype), to_name(kSdpaNames, spec.sdpa), where,
                               message));
}

void measure(Session& session, const RunSpec& spec) {
  try {
    session.build();
    session.take_steps();
  } catch (const c10::Error& error) {
    const std::string message = first_line(error.what_without_backtrace());
    if (session.recorder().out_of_memory()) return session.ran_out_of_memory(message);
    if (has_no_kernel(error, message)) throw unsupported(spec, session.where(), message);
    throw could_not_measure(fmt::format("PyTorch failed in {}: {}", session.where(), message));
  }
}

class Silent : public Progress {
  void report(const ProgressReport&) override {}
};

// In a process of its own.
CountedTraffic count_traffic(const RunSpec& spec, const models::ModelConfig& config) {
  const at::Device device = open_device(spec.device);
  make_context(device.index());
  auto* counter = new TrafficCounter(device.index());
  auto* session = new Session(spec, config, device, nullptr, *new Silent,
                              [counter](LayerId layer, Phase phase) { counter->set_place(layer, phase); });
  measure(*session, spec);
  session->recorder().stop();
  if (session->recorder().out_of_memory()) return {{}, {"DRAM traffic is not counted: memory ran out."}};
  return counter->finish();
}

CountedTraffic count_traffic_apart(const RunSpec& spec, const models::ModelConfig& config) {
  if (!spec.counters) return {};
  if (cuda::is_virtual()) throw bad_input("--counters reads a real GPU's own counters, and this GPU is virtual");
  return in_child([&] { return count_traffic(spec, config); });
}

}  // namespace

Recording run(const RunSpec& spec, Progress& progress) {
  validate(spec);
  models::ModelConfig config = resolve_model(spec);
  const CountedTraffic counted = count_traffic_apart(spec, config);
  TracedRun* const traced = TracedRun::start(spec);
  const at::Device device = open_device(spec.device, [&](c10::DeviceIndex index) {
    if (traced) traced->before_context(index);
  });
  require_supported(spec, device);
  // Kept for the rest of the process: freeing the model and Torch's caches takes longer than a run.
  auto* session = new Session(spec, std::move(config), device, traced, progress);
  measure(*session, spec);
  Recording recording = session->finish();
  counted.join(recording);
  return recording;
}

}  // namespace headroom::profiler
