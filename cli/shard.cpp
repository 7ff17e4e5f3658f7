#include "cli/shard.h"

#include <fmt/format.h>

#include <optional>

#include "base/error.h"
#include "cli/arguments.h"

namespace headroom::cli {
namespace {

struct Place {
  std::int64_t rank = 0, size = 0;  // rank from 0; size 0: unknown
  std::string from;
};

class Environment {
 public:
  explicit Environment(const Variables& variables) : variables_(variables) {}

  bool has(const char* name) const {
    const char* value = variables_(name);
    return value != nullptr && *value != '\0';
  }
  std::int64_t number(const char* name, std::int64_t low = 0) const {
    return parse_integer(name, has(name) ? variables_(name) : "", low, 1 << 30);
  }

 private:
  const Variables& variables_;
};

Place nested(const Place& outer, std::int64_t rank, std::int64_t size, const std::string& from) {
  return {outer.rank * size + rank, outer.size * size, outer.from + ", " + from};
}

std::optional<Place> slurm(const Environment& e) {
  const char *id = "SLURM_ARRAY_TASK_ID", *count = "SLURM_ARRAY_TASK_COUNT";
  const bool has_step = e.has("SLURM_PROCID") && e.has("SLURM_STEP_NUM_TASKS");
  if (e.has(id)) {
    const std::int64_t step = e.has("SLURM_ARRAY_TASK_STEP") ? e.number("SLURM_ARRAY_TASK_STEP", 1) : 1;
    const std::int64_t first = e.has("SLURM_ARRAY_TASK_MIN") ? e.number("SLURM_ARRAY_TASK_MIN") : 0;
    const Place array{(e.number(id) - first) / step, e.has(count) ? e.number(count, 1) : 0, id};
    if (!has_step || array.size == 0) return array;
    return nested(array, e.number("SLURM_PROCID"), e.number("SLURM_STEP_NUM_TASKS", 1), "SLURM_PROCID");
  }
  if (!e.has("SLURM_PROCID")) return {};
  const char* tasks = has_step ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
  return Place{e.number("SLURM_PROCID"), e.has(tasks) ? e.number(tasks, 1) : 0, "SLURM_PROCID"};
}

std::optional<Place> mpi(const Environment& e) {
  for (const auto& [rank, size] : {std::pair{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, {"PMI_RANK", "PMI_SIZE"}})
    if (e.has(rank)) return Place{e.number(rank), e.has(size) ? e.number(size, 1) : 0, rank};
  return {};
}

std::optional<Place> place_in(const Environment& e) {
  if (const auto place = slurm(e)) return place;
  if (const auto place = mpi(e)) return place;
  if (e.has("PARALLEL_SEQ")) return Place{e.number("PARALLEL_SEQ", 1) - 1, 0, "PARALLEL_SEQ"};
  return {};
}

Shard find(std::int64_t count, const Variables& variables) {
  const auto place = place_in(Environment(variables));
  if (!place)
    throw bad_input(
        "--shard auto finds nothing in the environment: neither SLURM_ARRAY_TASK_ID, SLURM_PROCID, "
        "OMPI_COMM_WORLD_RANK, PMI_RANK nor PARALLEL_SEQ is set; --shard 1/8 says it outright");
  if (count == 0) count = place->size;
  if (count == 0)
    throw bad_input(fmt::format(
        "--shard auto: {} says which part this is, but nothing of how many; --shard auto/8 does", place->from));
  if (place->rank < 0 || place->rank >= count)
    throw bad_input(fmt::format("--shard auto: {} makes this part {} of {}", place->from, place->rank + 1, count));
  if (count > kMostShards) throw bad_input(fmt::format("--shard auto: {} parts, at most {}", count, kMostShards));
  return {place->rank + 1, count, place->from};
}

}  // namespace

Shard parse_shard(const std::string& text, const Variables& variables) {
  const auto slash = text.find('/');
  const std::string first = text.substr(0, slash);
  if (slash == std::string::npos && first != "auto")
    throw bad_input(fmt::format("--shard is '{}', expected 2/8, auto or auto/8", text));
  const std::int64_t count =
      slash == std::string::npos ? 0 : parse_integer("--shard", text.substr(slash + 1), 1, kMostShards);
  if (first == "auto") return find(count, variables);
  return {parse_integer("--shard", first, 1, count), count, ""};
}

// Each round of `count` runs starts one shard further on, so that no shard gets the same place of every row of a grid.
bool is_of_shard(std::size_t index, const Shard& shard) {
  const auto count = static_cast<std::size_t>(shard.count);
  return (index + index / count) % count == static_cast<std::size_t>(shard.index - 1);
}

}  // namespace headroom::cli
