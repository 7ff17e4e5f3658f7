// Which part of a sweep a process does: said as "2/8", or found in what a job array, MPI or GNU parallel set.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace headroom::cli {

struct Shard {
  std::int64_t index = 1, count = 1;  // from 1 to count
  std::string from;                   // the variables that said so; empty: the command line

  bool is_whole() const { return count == 1; }
  bool operator==(const Shard&) const = default;
};

inline constexpr std::int64_t kMostShards = 100'000;

// The value of a variable of the environment; nullptr where it is not set.
using Variables = std::function<const char*(const char*)>;

// `text`: "2/8", "auto" or "auto/8". auto takes the first of these that is set:
//   Slurm's job array (SLURM_ARRAY_TASK_ID, _MIN, _STEP and _COUNT), within it the tasks of srun (SLURM_PROCID,
//   SLURM_STEP_NUM_TASKS); Slurm's tasks alone (SLURM_PROCID, SLURM_NTASKS); Open MPI; PMI (MPICH, Intel MPI); and, of
//   auto/8 alone, which says how many there are, GNU parallel (PARALLEL_SEQ).
// auto/8 with more than 8 processes is refused. Throws bad_input.
Shard parse_shard(const std::string& text, const Variables& variables);

// Whether the shard does the run at `index`, from 0. Every run is of one shard; shards differ by one run at most, and
// runs of like cost are spread over all of them.
bool is_of_shard(std::size_t index, const Shard& shard);

}  // namespace headroom::cli
