// Exact outputs, kept in tests/golden/reports. HEADROOM_UPDATE_GOLDEN=1 writes them anew.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"

namespace headroom {

inline void expect_golden(const std::string& text, const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(HEADROOM_SOURCE_DIR) / "tests/golden/reports" / name;
  if (std::getenv("HEADROOM_UPDATE_GOLDEN") != nullptr) write_file(path, text);
  ASSERT_TRUE(std::filesystem::exists(path)) << path;
  EXPECT_EQ(text, read_file(path, 1u << 24)) << "differs from " << path;
}

}  // namespace headroom
