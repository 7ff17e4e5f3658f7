// The message of a refusal.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/error.h"

namespace headroom::models {

// What `action` throws as bad input; "(no error)" where it throws nothing.
inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    return error.what();
  }
  return "(no error)";
}

}  // namespace headroom::models
