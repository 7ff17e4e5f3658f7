// What each target starts from: right documents of every kind, and the words that readers know.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom::fuzz {

// Files of tests/fuzz/corpus/TARGET, of tests/golden and examples, and what the tool itself writes. Never empty.
std::vector<std::string> seeds_of(std::string_view target);

// Keys and values of budgets, sweeps and runs; of config.json.
std::vector<std::string> run_words();
std::vector<std::string> config_words();

// config.json of a model of every family that is read.
std::vector<std::string> config_seeds();

}  // namespace headroom::fuzz
