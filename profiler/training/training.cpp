#include "profiler/training/training.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "models/catalog/attention.h"
#include "models/model.h"
#include "profiler/optimizer.h"
#include "profiler/training/scheduled_adamw.h"
#include "profiler/training/text_windows.h"

namespace headroom::profiler {
namespace {

constexpr std::int64_t kPoints = 20;  // of the loss, over the run

// GPT-2's make in the job's size, over bytes.
models::ModelConfig model_of(const TrainingJob& job) {
  models::ModelConfig config = models::load_model("gpt2");
  if (job.d_model % job.heads != 0)
    throw bad_input(fmt::format("the training job: {} heads do not divide a width of {}", job.heads, job.d_model));
  config.name = "small byte model";
  config.vocab_size = 256;
  config.max_positions = job.seq;
  config.d_model = job.d_model;
  config.d_ff = 4 * job.d_model;
  config.head_count = config.kv_head_count = job.heads;
  config.head_dim = job.d_model / job.heads;
  config.decoder_layer_count = job.layers;
  config.activation = models::Activation::gelu_tanh;
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = 0;
  return models::with_attention(config, job.attention);
}

std::string text_of(const TrainingJob& job) {
  std::string text = read_file(job.text, kTextLimitBytes);
  if (text_hash(text) != job.text_hash)
    throw bad_input(fmt::format("{}: the text changed since the training was asked for", job.text));
  return text;
}

class Training {
 public:
  Training(const TrainingJob& job, Progress& progress)
      : job_(job),
        progress_(progress),
        text_(text_of(job), job.seq, job.text),
        batches_(static_cast<std::uint64_t>(job.seed)) {
    at::manual_seed(static_cast<std::uint64_t>(job.seed));
    model_ = models::build_model(model_of(job), {});
    for (const models::ModelParameter& parameter : model_->parameters())
      if (parameter.shared_with.empty()) parameters_.push_back(parameter.tensor);
    optimizer_ = std::make_unique<ScheduledAdamW>(parameters_, job.weight_decay);
  }

  TrainingResult finish() {
    TrainingResult result{.job = job_};
    count_parameters(result);
    const auto begin = std::chrono::steady_clock::now();
    take_steps(result);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result.held_out_loss = held_out_loss();
    result.held_out_bytes = text_.held_out_predictions(job_.held_out_bytes);
    result.held_out_words = text_.held_out_words(job_.held_out_bytes);
    if (result.held_out_words == 0) throw bad_input(job_.text + ": the part held out has no words");
    return result;
  }

 private:
  void count_parameters(TrainingResult& result) const {
    for (const models::ModelParameter& parameter : model_->parameters()) {
      if (!parameter.shared_with.empty()) continue;
      result.parameter_count += parameter.tensor.numel();
      if (parameter.layer.ends_with(".attention") && !parameter.name.ends_with(".bias"))
        result.attention_weight_count += parameter.tensor.numel();
    }
  }

  void take_steps(TrainingResult& result) {
    const std::int64_t every = std::max<std::int64_t>(1, job_.steps / kPoints);
    double sum = 0;
    for (std::int64_t step = 1, first = 1; step <= job_.steps; ++step) {
      progress_.report({Phase::forward, static_cast<std::int32_t>(step), job_.steps, 0});
      sum += take_step(step);
      if (step % every != 0 && step != job_.steps) continue;
      result.losses.push_back({step, sum / static_cast<double>(step - first + 1)});
      first = step + 1;
      sum = 0;
    }
  }

  double take_step(std::int64_t step) {
    const at::Tensor loss = loss_of(text_.draw(job_.batch, batches_));
    loss.backward();
    if (job_.clip > 0) clip_gradients(parameters_, job_.clip);
    optimizer_->step(scheduled_rate(step, job_.steps, job_.warmup, job_.learning_rate));
    drop_gradients(parameters_);
    const double value = loss.item<float>();
    if (!std::isfinite(value))
      throw could_not_measure(
          fmt::format("the training of {} went astray: the loss of step {} is {}", job_.attention, step, value));
    return value;
  }

  double held_out_loss() {
    const at::NoGradGuard no_grad;
    double sum = 0;
    std::int64_t windows = 0;
    for (const at::Tensor& tokens : text_.held_out(job_.batch, job_.held_out_bytes)) {
      sum += loss_of(tokens).item<float>() * static_cast<double>(tokens.size(0));
      windows += tokens.size(0);
    }
    return sum / static_cast<double>(windows);
  }

  at::Tensor loss_of(const at::Tensor& tokens) { return model_->loss({.tokens = tokens, .labels = tokens}); }

  const TrainingJob& job_;
  Progress& progress_;
  TextWindows text_;
  std::mt19937_64 batches_;
  std::unique_ptr<models::Model> model_;
  std::vector<at::Tensor> parameters_;
  std::unique_ptr<ScheduledAdamW> optimizer_;
};

}  // namespace

bool is_training_job(const Json& json) { return json.is_object() && json.contains("training"); }

TrainingResult train(const TrainingJob& job, Progress& progress) {
  at::set_num_threads(1);
  try {
    return Training(job, progress).finish();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw could_not_measure(fmt::format("PyTorch failed in training: {}", text.substr(0, text.find('\n'))));
  }
}

}  // namespace headroom::profiler
