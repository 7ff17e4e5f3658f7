// The attention of one sequence with multiple-head embeddings, in blocks of query rows, forward and backward, without
// autograd: what models/attention/mhe_optimal.cpp is made of, and where the algebra is explained.
//
// T queries and S keys of one sequence, n heads of size d, R rows of queries.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

namespace headroom::models {

inline constexpr std::int64_t kBlockRows = 128;  // query rows whose scores exist at a time

// What a call computes, its tensors aside.
struct Plan {
  bool multiply = false;
  bool per_head = false;  // added: exp(S + β_h) of each head, never E
  std::int64_t heads = 1, width = 1;
  double scale = 1.0;
  bool causal = false;
  double dropout_rate = 0.0;
  bool interleaved = false;  // rotary positions
  bool learns_bias = false;  // the position biases have a gradient
};

struct Rows {
  std::int64_t first, last;
  std::int64_t count() const { return last - first; }
  at::Tensor of(const at::Tensor& x) const { return x.slice(0, first, last); }
};

template <class Visit>
void for_each_block(Rows rows, std::int64_t count, const Visit& visit) {
  for (std::int64_t i = rows.first; i < rows.last; i += count) visit(Rows{i, std::min(i + count, rows.last)});
}

// Scores and sums are at least fp32.
inline at::ScalarType wide_type(const at::Tensor& x) { return c10::promoteTypes(x.scalar_type(), at::kFloat); }
inline at::Tensor widened(const at::Tensor& x) { return x.to(wide_type(x)); }

struct HeadGradients {
  at::Tensor query, key, value;  // of the embeddings, [n, d], wide; key: multiplied only
};

// What all sequences of a batch share.
struct ScoreBias {
  at::Tensor value, gradient;  // [n or 1, T, S], added to the scaled scores; undefined: none
  // Of some rows and their first keys.
  static at::Tensor part(const at::Tensor& bias, Rows rows, std::int64_t keys) {
    return bias.slice(1, rows.first, rows.last).slice(2, 0, keys);
  }
  bool of_all_heads() const { return value.defined() && value.size(0) == 1; }
  bool of_each_head() const { return value.defined() && value.size(0) > 1; }
};

// One sequence's queries [T, d], keys and values [S, d], wide; their gradients where `gradients` are given.
struct Sequence {
  std::int64_t index = 0;  // in the batch
  at::Tensor q, k, v;
  at::Tensor dq, dk, dv;
  at::Tensor real;  // bool [S]: false where a key is padding; undefined: nowhere
  ScoreBias bias;
};

// Which probabilities dropout keeps: a hash of one random number, drawn once a call, and of the probability's place.
// Backward draws nothing and finds the same ones, block by block; nothing of n·T·S is kept.
class Masks {
 public:
  Masks(const Plan& plan, const at::Tensor& seed) : rate_(plan.dropout_rate), seed_(seed) {}
  bool any() const { return rate_ > 0; }

  // 0 or 1/(1 - rate) for the probabilities of `rows` (their numbers, [R], unique in the call) and the first `visible`
  // of `keys` keys: [R, visible].
  at::Tensor operator()(const at::Tensor& rows, std::int64_t visible, std::int64_t keys, at::ScalarType type) const;

 private:
  double rate_;
  at::Tensor seed_;  // [1], int64, on the device
};

// The attention of one sequence. Heads are [rows, n·d].
class SequenceHeads {
 public:
  SequenceHeads(const Plan& plan, const Sequence& sequence, const Masks& masks);
  virtual ~SequenceHeads() = default;
  SequenceHeads(const SequenceHeads&) = delete;
  SequenceHeads& operator=(const SequenceHeads&) = delete;

  // Fills `heads` and `sums`, all of `rows`. Of each row and head a sum is E w_h, or the logarithm of the sum of its
  // exponentials: [R, n].
  virtual void forward(Rows rows, const at::Tensor& heads, const at::Tensor& sums) = 0;
  // Adds what `rows` give to the gradients; `d_heads` is used up.
  virtual void backward(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads, const at::Tensor& sums) = 0;
  // Adds what only the whole sequence gives.
  virtual void finish_backward() {}
  virtual bool shares_exponentials() const { return false; }

 protected:
  std::int64_t visible(Rows rows) const { return plan_.causal ? rows.last : key_len_; }
  // s·rows·kᵀ of the visible keys, padding hidden.
  void score(const at::Tensor& scores, const at::Tensor& rows) const;
  // Of scores [R, keys]: [R, 1]. Rows without a key get the lowest number, so that their exponentials are 0, …
  at::Tensor maximum(const at::Tensor& scores) const;
  // … and their sums 1, so that their heads are 0.
  void fill_empty_rows(const at::Tensor& sums, const at::Tensor& maximum) const;
  // [n·R]: dropout's number of each row of `head`.
  at::Tensor row_numbers(Rows rows, std::int64_t head) const;
  // Σ x ⊙ y over each head's features: [R, n·d] twice -> into [R, n].
  void head_dots(const at::Tensor& dots, const at::Tensor& x, const at::Tensor& y) const;

  const Plan& plan_;
  const Sequence& at_;
  const Masks& masks_;
  std::int64_t query_len_, key_len_, block_rows_;
  at::Tensor hidden_;   // causal: [R, R], -inf above the diagonal
  at::Tensor padding_;  // [S], -inf where a key is padding
};

// The embeddings as the heads use them, wide: added as they are, multiplied plus 1.
struct WideEmbeddings {
  WideEmbeddings(const Plan& plan, const at::Tensor& a, const at::Tensor& b, const at::Tensor& g) {
    const auto as_used = [&](const at::Tensor& e) { return plan.multiply ? widened(e) + 1.0 : widened(e); };
    query = as_used(a);
    if (b.defined()) key = as_used(b);
    value = as_used(g);
  }
  at::Tensor query, key, value;  // [n, d]
};

// `shares`: what an earlier call decided of this sequence. Without `gradients` there is no backward. The arguments must
// outlive what is made.
std::unique_ptr<SequenceHeads> sequence_heads(const Plan& plan, const Sequence& sequence, const Masks& masks,
                                              const WideEmbeddings& embeddings, HeadGradients* gradients,
                                              std::optional<bool> shares = {});

}  // namespace headroom::models
