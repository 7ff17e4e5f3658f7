// Import of Hugging Face's config.json, one function for each model_type (import/, by families). A key that changes
// what is computed is read or refused by name; all others (token ids, generation defaults, versions) are ignored.
#include <string_view>
#include <utility>

#include "models/catalog/config.h"
#include "models/catalog/import/families.h"

namespace headroom::models {
namespace {

using Import = ModelConfig (*)(const hugging_face::Source&);
constexpr std::pair<std::string_view, Import> kImports[] = {
    {"albert", hugging_face::import_albert},
    {"bart", hugging_face::import_bart},
    {"bert", hugging_face::import_bert},
    {"big_bird", hugging_face::import_big_bird},
    {"canine", hugging_face::import_canine},
    {"deepseek_v2", hugging_face::import_deepseek_v2},
    {"deepseek_v3", hugging_face::import_deepseek_v3},
    {"distilbert", hugging_face::import_distilbert},
    {"edgebert", hugging_face::import_edgebert},
    {"electra", hugging_face::import_electra},
    {"fnet", hugging_face::import_fnet},
    {"gpt2", hugging_face::import_gpt2},
    {"llama", hugging_face::import_llama},
    {"longformer", hugging_face::import_longformer},
    {"mistral", hugging_face::import_mistral},
    {"mixtral", hugging_face::import_mixtral},
    {"mobilebert", hugging_face::import_mobilebert},
    {"opt", hugging_face::import_opt},
    {"reformer", hugging_face::import_reformer},
    {"roberta", hugging_face::import_roberta},
    {"t5", hugging_face::import_t5},
    {"xlm-roberta", hugging_face::import_xlm_roberta},
};

}  // namespace

ModelConfig import_hugging_face(const Json& json, const std::string& where) {
  const hugging_face::Source source(json, where);
  source.none("quantization_config");
  const std::string type = source->string("model_type");
  std::string known;
  for (const auto& [name, import] : kImports) {
    known += (known.empty() ? "" : ", ") + std::string(name);
    if (name != type) continue;
    ModelConfig config = import(source);
    config.name = source.name();
    validate_config(config, where);
    return config;
  }
  source->fail("model_type", "one that is built: " + known);
}

}  // namespace headroom::models
