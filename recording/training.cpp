#include "recording/training.h"

#include <fmt/format.h>

#include <cmath>

#include "recording/document_node.h"

namespace headroom {
namespace {

constexpr double kLargest = 1e300;

Json members_of(const TrainingJob& job) {
  return {{"attention", job.attention},
          {"text", job.text},
          {"text_hash", job.text_hash},
          {"layers", job.layers},
          {"d_model", job.d_model},
          {"heads", job.heads},
          {"batch", job.batch},
          {"seq", job.seq},
          {"steps", job.steps},
          {"warmup", job.warmup},
          {"held_out_bytes", job.held_out_bytes},
          {"seed", job.seed},
          {"learning_rate", job.learning_rate},
          {"weight_decay", job.weight_decay},
          {"clip", job.clip}};
}

TrainingPoint read_point(const Json& json, const std::string& where) {
  const JsonReader reader(json, where);
  return {reader.integer("step", 1, document::kMax), reader.number_or("loss", 0, 0, kLargest)};
}

}  // namespace

double byte_perplexity(const TrainingResult& result) { return std::exp(result.held_out_loss); }

double word_perplexity(const TrainingResult& result) {
  const double bytes = static_cast<double>(result.held_out_bytes), words = static_cast<double>(result.held_out_words);
  return std::exp(result.held_out_loss * bytes / words);
}

std::string text_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return fmt::format("{:016x}", hash);
}

Json training_document(const TrainingJob& job) { return {{"training", members_of(job)}}; }

TrainingJob parse_training_job(const Json& json, const std::string& where) {
  const document::Node node = document::Node(json, where).child("training");
  const JsonReader& r = node.reader;
  TrainingJob job;
  job.attention = r.string("attention");
  job.text = r.string("text");
  job.text_hash = r.string("text_hash");
  job.layers = r.integer_or("layers", job.layers, 1, 1000);
  job.d_model = r.integer_or("d_model", job.d_model, 1, 65536);
  job.heads = r.integer_or("heads", job.heads, 1, job.d_model);
  job.batch = r.integer_or("batch", job.batch, 1, 65536);
  job.seq = r.integer_or("seq", job.seq, 2, 65536);
  job.steps = r.integer_or("steps", job.steps, 1, 10'000'000);
  job.warmup = r.integer_or("warmup", job.warmup, 0, 10'000'000);
  job.held_out_bytes = r.integer_or("held_out_bytes", job.held_out_bytes, 1, document::kMax);
  job.seed = r.integer_or("seed", job.seed, 0, document::kMax);
  job.learning_rate = r.number_or("learning_rate", job.learning_rate, 0, 1e6);
  job.weight_decay = r.number_or("weight_decay", job.weight_decay, 0, 1e6);
  job.clip = r.number_or("clip", job.clip, 0, kLargest);
  return job;
}

Json training_document(const TrainingResult& result) {
  return {{"training", members_of(result.job)},
          {"parameter_count", result.parameter_count},
          {"attention_weight_count", result.attention_weight_count},
          {"losses", document::list(result.losses,
                                    [](const TrainingPoint& point) {
                                      return Json{{"step", point.step}, {"loss", point.loss}};
                                    })},
          {"held_out_loss", result.held_out_loss},
          {"held_out_bytes", result.held_out_bytes},
          {"held_out_words", result.held_out_words},
          {"seconds", result.seconds}};
}

TrainingResult parse_training_result(const Json& json, const std::string& where) {
  const document::Node node(json, where);
  TrainingResult result;
  result.job = parse_training_job(json, where);
  result.parameter_count = node.reader.integer("parameter_count", 1, document::kMax);
  result.attention_weight_count = node.reader.integer("attention_weight_count", 0, document::kMax);
  document::read_list(node, "losses", result.losses, read_point);
  if (!node.reader.has("held_out_loss")) node.reader.fail("held_out_loss", "a number");
  result.held_out_loss = node.reader.number_or("held_out_loss", 0, 0, kLargest);
  result.held_out_bytes = node.reader.integer("held_out_bytes", 1, document::kMax);
  result.held_out_words = node.reader.integer("held_out_words", 1, document::kMax);
  result.seconds = node.reader.number_or("seconds", 0, 0, kLargest);
  return result;
}

}  // namespace headroom
