#include "models/catalog/import/source.h"

#include <algorithm>

namespace headroom::models::hugging_face {

void Source::only(std::string_view key, const Json& only) const {
  if (!reader_.has(key) || json_.at(std::string(key)) == only) return;
  throw bad_input(where_ + ": '" + std::string(key) + "' is " + shown(key) + ", which is not built; only " +
                  only.dump() + " is");
}

void Source::none(std::string_view key) const {
  if (!reader_.has(key)) return;
  throw bad_input(where_ + ": '" + std::string(key) + "' is " + shown(key) +
                  ", which is not built; remove it or set it to null");
}

void Source::refuse(const std::string& problem) const { throw bad_input(where_ + ": " + problem); }

double Source::dropout(std::string_view key, double fallback) const {
  const double rate = reader_.number_or(key, fallback, 0.0, 1.0);
  if (rate == 1.0) reader_.fail(key, "a rate from 0 up to, not including, 1");
  return rate;
}

std::string Source::name() const {
  const Json* value = json_.contains("_name_or_path") ? &json_.at("_name_or_path") : nullptr;
  return value && value->is_string() && value->get_ref<const std::string&>().size() <= 200 ? value->get<std::string>()
                                                                                           : "";
}

std::array<std::int64_t, 2> Source::pair(std::string_view key, std::int64_t high) const {
  const Json& list = reader_.member(key);
  const auto number = [&](const Json& value) { return value.is_number_integer() && value >= 1 && value <= high; };
  if (!list.is_array() || list.size() != 2 || !number(list[0]) || !number(list[1]))
    reader_.fail(key, "a list of two numbers from 1 to " + std::to_string(high));
  return {list[0].get<std::int64_t>(), list[1].get<std::int64_t>()};
}

std::vector<std::string> Source::words(std::string_view key, std::initializer_list<std::string_view> known,
                                       std::size_t most) const {
  const Json& list = reader_.member(key);
  std::string all;
  for (std::string_view word : known) all += (all.empty() ? "'" : "', '") + std::string(word);
  const auto is_known = [&](const Json& value) {
    return std::any_of(known.begin(), known.end(), [&](std::string_view word) { return value == word; });
  };
  if (!list.is_array() || list.empty() || list.size() > most || !std::all_of(list.begin(), list.end(), is_known))
    reader_.fail(key, "a list of 1 to " + std::to_string(most) + " words out of " + all + "'");
  return list.get<std::vector<std::string>>();
}

Head Source::head(std::initializer_list<Named<Head>> known) const {
  if (!reader_.has("architectures")) return known.begin()->value;
  const Json& list = json_.at("architectures");
  if (!list.is_array() || list.size() > 1 || (!list.empty() && !list[0].is_string()))
    reader_.fail("architectures", "a list of one class name");
  if (list.empty()) return known.begin()->value;
  std::string names;
  for (const Named<Head>& row : known) {
    if (list[0] == row.name) return row.value;
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  reader_.fail("architectures", "one that is built: " + names);
}

std::string Source::shown(std::string_view key) const {
  std::string text = json_.at(std::string(key)).dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

void set_heads(ModelConfig& config, const Source& source, std::string_view width_key, std::string_view heads_key) {
  config.d_model = source->integer(width_key, 1, kMaxWidth);
  config.head_count = config.kv_head_count = source->integer(heads_key, 1, kMaxHeads);
  if (config.d_model % config.head_count != 0 && !source->has("head_dim"))
    source.refuse("'" + std::string(width_key) + "' (" + std::to_string(config.d_model) + ") is not a multiple of '" +
                  std::string(heads_key) + "' (" + std::to_string(config.head_count) + ")");
  config.head_dim = config.d_model / config.head_count;
}

Activation activation(const Source& source, std::string_view key, std::string_view fallback) {
  const std::string name = source->string_or(key, fallback);
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new") return Activation::gelu_new;
  if (name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  source->fail(key, "one that is built: gelu, gelu_new, gelu_pytorch_tanh, relu");
}

void set_padding(ModelConfig& config, const Source& source, std::int64_t fallback) {
  config.padding_id = source->integer_or("pad_token_id", fallback, -1, config.vocab_size - 1);
}

void set_embedding_size(ModelConfig& config, const Source& source, std::string_view key, std::int64_t fallback) {
  const std::int64_t width = source->integer_or(key, fallback, 1, kMaxWidth);
  config.embedding_size = width == config.d_model ? 0 : width;
}

}  // namespace headroom::models::hugging_face
