// Compressed models, recorded: every closed form, on the CPU and the virtual GPU, trained and used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/breakdown.h"
#include "sums.h"
#include "worker.h"

namespace headroom {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

constexpr const char* kVirtual = "virtual:h100-80gb";

RunSpec spec_of(const std::string& model, const std::string& compression, Mode mode, const std::string& device) {
  RunSpec spec;
  spec.model = tiny_model(model);
  spec.compression = compression;
  spec.batch = 2;
  spec.seq = 16;
  spec.mode = mode;
  spec.device = device;
  return spec;
}

// All methods on the virtual GPU, some on the CPU.
std::vector<std::string> devices_for(const std::string& method) {
  const bool on_both = method == "int4:group=16+lora" || method == "kronecker" || method.starts_with("prune") ||
                       method == "int4:group=16" || method.starts_with("gobo");
  return on_both ? std::vector<std::string>{"cpu", kVirtual} : std::vector<std::string>{kVirtual};
}

// How many forms speak of each kind of bytes.
struct Checked {
  int parameters = 0, activations = 0;
};
Checked expect_closed_forms(const Recording& recording) {
  Checked checked;
  for (const ClosedFormCheck& check : make_breakdown(recording, "run").closed_forms) {
    if (check.recorded_bytes < 0) continue;
    checked.parameters += check.form.quantity == "parameter_bytes";
    checked.activations += check.form.quantity == "activation_bytes";
    EXPECT_EQ(check.recorded_bytes, check.form.bytes)
        << recording.spec.compression << " " << to_name(kModeNames, recording.spec.mode) << " on "
        << recording.spec.device << " with " << recording.spec.model << ": " << check.form.quantity << " of "
        << check.form.layer << " = " << check.form.formula;
  }
  return checked;
}

TEST(CompressionForms, EqualWhatTrainingRecords) {
  for (const std::string method : {"lora", "lora:layers=all:rank=3", "int4:group=16+lora", "low-rank:rank=3",
                                   "tensor-train:rank=2", "kronecker", "int8", "int4:group=16", "prune"})
    for (const std::string& device : devices_for(method)) {
      const Checked checked = expect_closed_forms(record_again(spec_of("bert", method, Mode::train, device)));
      EXPECT_GE(checked.parameters, 3) << method;
      EXPECT_GE(checked.activations, 4) << method;
    }
  for (const std::string model : {"gpt2", "llama"})
    for (const std::string method : {"lora", "int8:scale=row", "kronecker"})
      expect_closed_forms(record_again(spec_of(model, method, Mode::train, kVirtual)));
}

TEST(CompressionForms, EqualWhatInferenceRecords) {
  for (const std::string method : {"lora:merged=yes", "int8", "int4:group=16", "gobo:outliers=0.01", "prune",
                                   "prune:format=bitmap", "prune:format=2:4", "low-rank:rank=3"})
    for (const std::string& device : devices_for(method))
      EXPECT_GE(expect_closed_forms(record_again(spec_of("bert", method, Mode::forward, device))).parameters, 3);
  for (const std::string model : {"gpt2", "llama"})
    expect_closed_forms(record_again(spec_of(model, "int4:group=16", Mode::forward, "cpu")));
}

TEST(CompressionForms, AdaptersAloneHaveGradientsAndState) {
  const Recording recording = record_again(spec_of("bert", "int8+lora", Mode::train, kVirtual));
  std::int64_t trained = 0;
  for (const ParameterRecord& p : recording.parameters) {
    EXPECT_EQ(p.trainable, p.name.find(".lora_") != std::string::npos) << p.name;
    if (p.trainable) trained += p.bytes;
  }
  EXPECT_GT(trained, 0);
  EXPECT_EQ(total(recording, Category::gradient, 2), trained);
  EXPECT_EQ(total(recording, Category::optimizer_state, 2), 2 * trained);  // steps are counted on the host
}

// One weight at a time is dense while the model is built.
TEST(CompressionForms, BuildingNeverHoldsTheDenseModel) {
  const auto most_in_build = [](const std::string& method) {
    RunSpec spec = spec_of("bert-base", method, Mode::forward, kVirtual);
    spec.batch = 1;
    const Recording recording = record_again(spec);
    std::int64_t live = 0, most = 0, parameters = 0;
    const Events& events = recording.events;
    for (std::size_t i = 0; i < events.size() && events.phase[i] == Phase::build; ++i) {
      if (events.action[i] == Action::alloc) live += events.requested_bytes[i];
      if (events.action[i] == Action::free) live -= events.requested_bytes[i];
      most = std::max(most, live);
    }
    for (const ParameterRecord& p : recording.parameters) parameters += p.bytes;
    return std::pair{most, parameters};
  };
  const auto [dense, dense_parameters] = most_in_build("");
  const auto [packed, packed_parameters] = most_in_build("int4");
  EXPECT_LT(packed_parameters, dense_parameters / 5);
  EXPECT_LT(packed, dense);
}

TEST(CompressionForms, RefusesInTheWorkerToo) {
  const WorkerResult result = run_worker(spec_of("bert", "gobo", Mode::train, "cpu"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.messages, HasSubstr("quantizes a model that is trained already"));
}

}  // namespace
}  // namespace headroom
