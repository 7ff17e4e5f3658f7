// parse_budget_file takes any text: an Error that names the file, or budgets with a name and a limit each.
#include <cstddef>
#include <cstdint>
#include <set>

#include "cli/budget_file.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  try {
    std::set<std::string> names;
    for (const cli::BudgetEntry& entry :
         cli::parse_budget_file({reinterpret_cast<const char*>(data), size}, "fuzz").entries) {
      fuzz::require(names.insert(entry.name).second);
      fuzz::require(!entry.budget.limits.empty() && cli::file_stem(entry.name).size() <= 200);
    }
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input || error.code() == ExitCode::could_not_measure);
  }
  return 0;
}
