// How the categories of memory are called and coloured: one table, so that terminal and page agree on names and order.
#pragma once

#include <array>
#include <string_view>

#include "recording/recording.h"

namespace headroom {

struct CategoryStyle {
  Category category{};
  std::string_view title;    // "optimizer state"
  std::string_view meaning;  // one sentence for a tooltip
  int ansi_color = 0;        // of the 256-colour palette, near the page's colour
  char letter = '?';         // stands for the colour where there is none
};

// In the order of Category, which is the order of every stack and table.
inline constexpr std::array<CategoryStyle, kCategoryCount> kCategoryStyles{{
    {Category::parameter, "parameters", "The weights of the model.", 25, 'P'},
    {Category::gradient, "gradients", "One gradient for each trainable parameter.", 214, 'G'},
    {Category::optimizer_state, "optimizer state",
     "What the optimizer keeps between steps, such as Adam's two moments.", 36, 'O'},
    {Category::activation, "activations", "Made in the forward pass and kept for the backward pass.", 166, 'A'},
    {Category::temporary, "temporaries", "Allocated and freed within one step.", 175, 'T'},
    {Category::kv_cache, "KV cache", "Keys and values kept for the tokens seen so far.", 74, 'K'},
    {Category::input, "inputs", "Token ids, labels and masks fed to the model.", 221, 'I'},
    {Category::workspace, "workspace", "Scratch of libraries such as cuBLAS that outlives the step.", 242, 'W'},
    {Category::other, "other", "Everything that is none of the above.", 248, 'X'},
}};

inline constexpr const CategoryStyle& style_of(Category category) {
  return kCategoryStyles[static_cast<std::size_t>(category)];
}

}  // namespace headroom
