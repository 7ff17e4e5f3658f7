// Words of a command line and of variables, one a line, tried as everything that is given as text: sizes, numbers,
// lists, devices, mechanisms, compressions, shards, days, globs, orders of addresses, settings of PyTorch's allocator,
// programs.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/budget.h"
#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/budget_file.h"
#include "cli/device.h"
#include "cli/program_file.h"
#include "cli/python_arguments.h"
#include "cli/replays.h"
#include "cli/shard.h"
#include "tests/fuzz/survive_model.h"
#include "tests/random_recording.h"

namespace {

using namespace headroom;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < 8) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void try_values(const std::string& word) {
  if (const auto bytes = parse_bytes(word)) fuzz::require(*bytes >= 0);
  fuzz::is_taken([&] { fuzz::require(cli::parse_integer("--flag", word, 3, 9) >= 3); });
  fuzz::is_taken([&] { (void)cli::parse_number("--flag", word); });
  fuzz::is_taken([&] { fuzz::require(cli::parse_size("--flag", word) >= 0); });
  fuzz::is_taken([&] { fuzz::require(!cli::parse_list("--flag", word).empty()); });
  fuzz::is_taken([&] { require_address_order("--flag", word); });
  fuzz::require(!cli::is_date(word) || word.size() == 10);
  fuzz::require(!cli::file_stem(word).starts_with("."));
  if (!word.starts_with("cuda")) {
    fuzz::is_taken([&] { cli::require_device(word); });
    fuzz::is_taken([&] {
      cli::require_program_device(word);
      fuzz::require(cli::virtual_count(word) <= cli::kMaxVirtualDevices);
    });
  }
}

// The variables of job arrays are all `word`.
void try_shard(const std::string& word) {
  const auto variables = [&](const char*) { return word.c_str(); };
  for (const std::string& text : {word, std::string("auto"), "auto/" + word})
    fuzz::is_taken([&] {
      const cli::Shard shard = cli::parse_shard(text, variables);
      fuzz::require(shard.index >= 1 && shard.index <= shard.count);
      (void)cli::is_of_shard(7, shard);
    });
}

void try_settings(const std::string& word) {
  static const Recording recording = testing_support::random_recording(1, 8);
  Recording changed = recording;
  changed.environment.allocator_settings = word;
  changed.environment.device_name = word;
  fuzz::require(!cli::planned_replays(changed, {}).empty());
  fuzz::is_taken([&] { (void)cli::replay_device(changed); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const models::ModelConfig bert = models::load_model("bert-base"), mixtral = models::load_model("mixtral-8x7b");
  const std::vector<std::string> words = lines_of({reinterpret_cast<const char*>(data), size});
  if (words.empty()) return 0;
  for (const std::string& word : words) {
    try_values(word);
    try_shard(word);
    try_settings(word);
  }
  fuzz::survive_mechanism(bert, words[0], "", words.back());
  fuzz::survive_mechanism(mixtral, words[0], words.back(), "");
  (void)matches_glob(words[0], words.back());
  if (!words[0].empty()) {
    fuzz::require(!cli::program_label(words).empty());
    fuzz::require(cli::program_label(words).find('/') == std::string::npos);
  }
  (void)cli::isolating_flag(words);
  (void)cli::python_script(words);
  return 0;
}
