// A transformer built with ATen, for training or inference, on any device.
//
// The model knows nothing of profiling: it names its regions with RECORD_USER_SCOPE, whose text is the layer's full
// path ("encoder.layer.3.attention"), so an observer can attribute what happens inside. Every parameter is born on its
// device, in its dtype.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/catalog/config.h"
#include "models/checkpoint.h"
#include "models/embeddings/token_digests.h"

namespace headroom::models {

struct CacheOptions;  // models/cache/cache.h
struct ModelCache;

enum class AttentionBackend : std::uint8_t { eager, math, flash, efficient };

struct BuildOptions {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  AttentionBackend backend = AttentionBackend::eager;
  bool training = true;            // dropout on, parameters require gradients
  bool checkpoint_blocks = false;  // of each block the input is kept alone, the rest computed again in backward
  RecomputeObserver on_recompute;  // of that; empty: nobody listens
  std::int64_t loss_chunk = 0;     // tokens whose logits exist at once in loss(); 0: all of them
};

struct ModelLayer {
  std::string path;    // full path; the root is "model"
  std::string parent;  // path of the enclosing layer; the root's is "model"
  std::string kind;    // a name of kLayerKindNames: model, stack, block, embedding, attention, ffn, norm, head, loss
};

struct ModelParameter {
  std::string name;   // layer path + "." + role: "encoder.layer.3.attention.query.weight"
  std::string layer;  // path of the layer that owns it
  at::Tensor tensor;
  std::string shared_with;  // name of the parameter whose tensor this is; empty: its own
};

// Token ids are int64 [B, T], a classifier's labels [B]. Encoder-only and decoder-only models use `tokens` and
// `labels`; encoder-decoder models read `tokens` as the source and `decoder_tokens` as the target side. attention_mask,
// int64 [B, T], is there where sequences differ in length: 1 for a token, 0 for the padding after the last one. Of an
// encoder-decoder it is the source's.
struct Batch {
  at::Tensor tokens, decoder_tokens, labels, attention_mask = {};
  TokenDigests digests = {};                // where words are made of them
  std::vector<at::Tensor> tensors() const;  // those that are defined
};

class Model {
 public:
  virtual ~Model() = default;
  virtual at::Tensor forward(const Batch& batch) = 0;  // logits [B, T, V] (pooler head: [B, d_m]; discriminator: [B,
                                                       // T]; classifiers: [B, labels], [B, T, labels])
  virtual at::Tensor loss(const Batch& batch) = 0;  // scalar; forward + loss inside the scope "loss"

  // Inference token by token (models/generation.h puts it together). A cache, empty; throws bad_input where the model
  // does not generate.
  virtual ModelCache make_cache(const CacheOptions& options) = 0;
  // Logits [B, V] of the last token of each prompt.
  virtual at::Tensor prefill(const Batch& batch, ModelCache& cache) = 0;
  // Logits [B', V] after tokens [B', 1].
  virtual at::Tensor decode(const at::Tensor& tokens, ModelCache& cache) = 0;
  const std::vector<ModelLayer>& layers() const { return layers_; }  // parents before children
  const std::vector<ModelParameter>& parameters() const { return parameters_; }
  const std::vector<at::Tensor>& buffers() const {
    return buffers_;
  }  // not trained: sinusoids, rotary tables, causal masks

 protected:
  std::vector<ModelLayer> layers_;
  std::vector<ModelParameter> parameters_;
  std::vector<at::Tensor> buffers_;
};

std::unique_ptr<Model> build_model(const ModelConfig& config, const BuildOptions& options);

// Random ids below the vocabulary's size (a discriminator's labels: 0 or 1), drawn on the device from Torch's
// generator. `padding`: the first sequence has all `seq` tokens, the others a random number of them from 1 on; what
// follows is the padding id (where the model has one) in `tokens` and -100 in labels of the same side.
Batch make_batch(const ModelConfig& config, std::int64_t batch, std::int64_t seq, at::Device device,
                 bool padding = false);

}  // namespace headroom::models
