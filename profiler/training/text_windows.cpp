#include "profiler/training/text_windows.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace headroom::profiler {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

TextWindows::TextWindows(std::string text, std::int64_t seq, const std::string& where)
    : text_(std::move(text)), seq_(seq), train_size_(static_cast<std::int64_t>(text_.size() - text_.size() / 20)) {
  const std::int64_t held_out = static_cast<std::int64_t>(text_.size()) - train_size_;
  if (held_out < seq)
    throw bad_input(
        fmt::format("{}: {} bytes are too few: a twentieth is held out, and a window takes {} bytes; {} bytes "
                    "or more would do",
                    where, text_.size(), seq, 20 * seq));
}

at::Tensor TextWindows::draw(std::int64_t batch, std::mt19937_64& generator) const {
  const auto places = static_cast<std::uint64_t>(train_size_ - seq_ + 1);
  std::vector<std::int64_t> begins(static_cast<std::size_t>(batch));
  for (std::int64_t& begin : begins) begin = static_cast<std::int64_t>(generator() % places);
  return windows(begins);
}

at::Tensor TextWindows::windows(const std::vector<std::int64_t>& begins) const {
  at::Tensor tokens = at::empty({static_cast<std::int64_t>(begins.size()), seq_}, at::kLong);
  auto* out = tokens.mutable_data_ptr<std::int64_t>();
  for (const std::int64_t begin : begins)
    out = std::transform(text_.begin() + begin, text_.begin() + begin + seq_, out,
                         [](char c) { return std::int64_t{static_cast<unsigned char>(c)}; });
  return tokens;
}

std::int64_t TextWindows::held_out_windows(std::int64_t most_bytes) const {
  const std::int64_t size = static_cast<std::int64_t>(text_.size()) - train_size_;
  return std::max<std::int64_t>(1, std::min(most_bytes, size - 1) / (seq_ - 1));
}

std::vector<at::Tensor> TextWindows::held_out(std::int64_t batch, std::int64_t most_bytes) const {
  std::vector<at::Tensor> batches;
  std::vector<std::int64_t> begins;
  const std::int64_t count = held_out_windows(most_bytes);
  for (std::int64_t i = 0; i < count; ++i) {
    begins.push_back(train_size_ + i * (seq_ - 1));
    if (static_cast<std::int64_t>(begins.size()) < batch && i + 1 < count) continue;
    batches.push_back(windows(begins));
    begins.clear();
  }
  return batches;
}

std::int64_t TextWindows::held_out_predictions(std::int64_t most_bytes) const {
  return held_out_windows(most_bytes) * (seq_ - 1);
}

std::int64_t TextWindows::held_out_words(std::int64_t most_bytes) const {
  std::int64_t words = 0;
  const auto end = static_cast<std::size_t>(train_size_ + held_out_predictions(most_bytes));
  for (auto i = static_cast<std::size_t>(train_size_) + 1; i <= end; ++i)
    words += !is_space(text_[i]) && is_space(text_[i - 1]);
  return words;
}

}  // namespace headroom::profiler
