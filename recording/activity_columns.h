// Activities as columns of a recording's file, and back. docs/recording-format.md describes the encodings.
#pragma once

#include <cstdint>
#include <string>

#include "recording/container.h"
#include "recording/recording.h"

namespace headroom {

// Nothing when there are no rows. Throws could_not_measure when the columns have unequal lengths.
void add_activity_columns(const Activities& activities, ContainerWriter& container);

// The `count` rows of `recording`, which has its tables. Throws bad_input, opening with `where`, when columns are missing,
// have other lengths, name what is in no table or on no list, hold what no activity of its kind has, or add up to more
// bytes than any device moves. Memory is bounded by the file's size.
Activities read_activity_columns(const ContainerReader& container, std::int64_t count, const Recording& recording,
                                 const std::string& where);

}  // namespace headroom
