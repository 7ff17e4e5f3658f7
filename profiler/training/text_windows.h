// A text as what a language model of bytes is trained on: windows of it, drawn the same way for every model.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace headroom::profiler {

class TextWindows {
 public:
  // Windows of `seq` bytes; the last twentieth of the text is held out. Throws bad_input where either part is shorter
  // than a window.
  TextWindows(std::string text, std::int64_t seq, const std::string& where);

  // int64 [batch, seq], from anywhere in the part that is trained on.
  at::Tensor draw(std::int64_t batch, std::mt19937_64& generator) const;

  // The held-out part from its beginning, in batches of windows that overlap by one byte: each byte but the first is
  // predicted once, in at most `most_bytes` predictions and at least one window.
  std::vector<at::Tensor> held_out(std::int64_t batch, std::int64_t most_bytes) const;

  std::int64_t held_out_predictions(std::int64_t most_bytes) const;
  std::int64_t held_out_words(std::int64_t most_bytes) const;  // that begin among the bytes predicted

 private:
  at::Tensor windows(const std::vector<std::int64_t>& begins) const;
  std::int64_t held_out_windows(std::int64_t most_bytes) const;

  std::string text_;
  std::int64_t seq_, train_size_;
};

}  // namespace headroom::profiler
