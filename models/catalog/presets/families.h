// The rows of the presets, one function per family in the order of the list; and what families have in common.
#pragma once

#include <cstdint>
#include <vector>

#include "models/catalog/config.h"

namespace headroom::models {

void add_encoders(std::vector<Preset>& table);            // BERT, …, MobileBERT
void add_efficient_encoders(std::vector<Preset>& table);  // FNet, Longformer, BigBird, CANINE, HashFormer
void add_gpt(std::vector<Preset>& table);                 // GPT-2, GPT-3, Megatron-Turing NLG, OPT
void add_encoder_decoders(std::vector<Preset>& table);    // Transformer, BART, T5, ByT5
void add_llama(std::vector<Preset>& table);               // Llama, Mistral
void add_experts(std::vector<Preset>& table);             // Mixtral, DeepSeek
void add_gopher(std::vector<Preset>& table);              // Gopher, Chinchilla
void add_reversible(std::vector<Preset>& table);          // Reformer
void add_palm(std::vector<Preset>& table);                // PaLM

// The row "TITLE: layers, width, parameters (SOURCE)" at the end of the table.
void add(std::vector<Preset>& table, const char* name, const char* title, ModelConfig config, const char* source);

void set_width(ModelConfig& config, std::int64_t d_model, std::int64_t head_count, std::int64_t d_ff);
void set_dropout(ModelConfig& config, double rate);
void set_groups(ModelConfig& config, std::int64_t groups);

ModelConfig bert(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff,
                 std::int64_t vocab_size = 30522);
ModelConfig roberta(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t vocab_size);
ModelConfig llama(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff,
                  double norm_eps = 1e-6);

// The source of DistilBERT, DistilRoBERTa and DistilGPT2.
inline constexpr const char* kDistil = "Sanh et al. 2019, arXiv 1910.01108";

}  // namespace headroom::models
