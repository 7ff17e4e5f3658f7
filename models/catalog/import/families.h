// The imports of Hugging Face's model_types, one function for each, by families; and what families have in common.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "models/catalog/import/source.h"

namespace headroom::models::hugging_face {

// import/encoders.cpp
ModelConfig import_bert(const Source& source);
ModelConfig import_roberta(const Source& source);
ModelConfig import_xlm_roberta(const Source& source);
ModelConfig import_electra(const Source& source);
ModelConfig import_albert(const Source& source);
ModelConfig import_edgebert(const Source& source);
ModelConfig import_distilbert(const Source& source);
ModelConfig import_mobilebert(const Source& source);

// import/efficient_encoders.cpp
ModelConfig import_fnet(const Source& source);
ModelConfig import_longformer(const Source& source);
ModelConfig import_big_bird(const Source& source);
ModelConfig import_canine(const Source& source);

// import/encoder_decoders.cpp
ModelConfig import_t5(const Source& source);
ModelConfig import_bart(const Source& source);

// import/gpt.cpp
ModelConfig import_opt(const Source& source);
ModelConfig import_gpt2(const Source& source);

// import/llama.cpp
ModelConfig import_llama(const Source& source);
ModelConfig import_mistral(const Source& source);

// import/experts.cpp
ModelConfig import_mixtral(const Source& source);
ModelConfig import_deepseek_v2(const Source& source);
ModelConfig import_deepseek_v3(const Source& source);

// import/reversible.cpp
ModelConfig import_reformer(const Source& source);

// What BERT and its relatives have in common.
ModelConfig encoder(const Source& source, std::int64_t types, std::int64_t padding, double dropout = 0.1);
ModelConfig roberta(const Source& source, std::initializer_list<Named<Head>> heads);
// What Llama and its relatives have in common; `groups`: key and value heads where the file names none.
ModelConfig decoder_with_rope(const Source& source, std::optional<std::int64_t> groups);
// 0.1·weight·ln(factor) + 1, as YaRN compensates for the longer sequences.
double yarn_temperature(double factor, double weight);

}  // namespace headroom::models::hugging_face
