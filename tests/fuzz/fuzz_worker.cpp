// What a worker leaves and says, from arbitrary bytes: a replay, a training, a run's summary, a line of progress; and
// what it is told. Each an Error, or what is written and read back the same.
#include <cstddef>
#include <cstdint>

#include "analysis/run_summary.h"
#include "cli/progress.h"
#include "recording/replay.h"
#include "recording/training.h"
#include "tests/fuzz/survive.h"

namespace {

using namespace headroom;

template <class Read, class Write>
void reads_back(const Json& json, Read read, Write write) {
  fuzz::is_taken([&] {
    const auto found = read(json, "fuzz");
    const std::string text = write(found).dump(-1, ' ', false, Json::error_handler_t::replace);
    fuzz::require(write(read(parse_json(text, "again", {.size_bytes = text.size()}), "again")).dump() == text);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto progress = cli::parse_progress(text)) {
    fuzz::require(!cli::progress_text(1, 2, {{"run", *progress}}, 80).empty());
    fuzz::require(cli::progress_document(1, 2, {"run", *progress}).ends_with("}\n"));
  }
  Json json;
  if (!fuzz::is_taken([&] { json = parse_json(text, "fuzz"); })) return 0;
  reads_back(json, parse_replay, replay_document);
  reads_back(json, run_summary_from_json, [](const RunSummary& run) { return to_json(run); });
  reads_back(json, parse_training_job, [](const TrainingJob& job) { return training_document(job); });
  reads_back(json, parse_training_result, [](const TrainingResult& result) { return training_document(result); });
  fuzz::is_taken([&] {
    const AllocatorReplay replay = parse_replay(json, "fuzz");
    (void)saved_bytes(replay, replay);
  });
  fuzz::is_taken([&] {
    const RunSummary run = run_summary_from_json(json, "fuzz");
    (void)run.heaviest_category();
    (void)run.fixed_bytes();
    (void)run.left_bytes();
  });
  fuzz::is_taken([&] {
    const TrainingResult result = parse_training_result(json, "fuzz");
    (void)byte_perplexity(result);
    (void)word_perplexity(result);
  });
  return 0;
}
