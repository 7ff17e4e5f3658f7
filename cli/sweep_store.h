// The folder of a sweep: what was run is kept as it ends, and the tables are made of it.
//
//   runs/KEY.json        one finished run, headroom.sweep-run/1; KEY names what was run and under what
//   runs/KEY.headroom    its recording, where --keep-recordings asks for it
//   results.json, results.csv, results.md, peak-….svg, categories-….svg
//   .lock                held by the process that writes here
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/scaling.h"
#include "base/descriptor.h"
#include "cli/written.h"

namespace headroom::cli {

// What decides a run's numbers and is known before it: Headroom's version, the allocator's settings in the environment
// and, where the model is a file, what is in it.
SweepMaker sweep_maker(const RunSpec& spec);

std::string sweep_key(const RunSpec& spec, const SweepMaker& maker);

class SweepStore {
 public:
  // Makes the folder, and takes it for this process. Throws bad_input where it may not be written or another process
  // has it.
  explicit SweepStore(const std::filesystem::path& folder);

  // The kept result of this run. Empty where there is none; where there is a damaged or foreign one, or its recording
  // is asked for and gone, `trouble` says so.
  std::optional<SweepResult> find(const std::string& key, const RunSpec& spec, const SweepMaker& maker,
                                  bool with_recording, std::string& trouble) const;

  void keep(const SweepResult& result) const;
  void keep_recording(const std::string& key, const Recording& recording) const;

  void write_tables(const Sweep& sweep, Written& written) const;  // and the pictures; those of an earlier sweep leave

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path file_of(const std::string& key, const char* ending) const;

  std::filesystem::path folder_;
  Descriptor lock_;
};

inline constexpr const char* kSweepTable = "results.json";

}  // namespace headroom::cli
