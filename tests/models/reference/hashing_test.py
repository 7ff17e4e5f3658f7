"""LSH attention as transformers computes it for Reformer, with the same rotations."""
import unittest

import torch
from transformers import ReformerConfig
from transformers.models.reformer.modeling_reformer import LSHSelfAttention

from support import Reference, ask, sines

HEADS, SIZE, WIDTH = 3, 4, 10


class Hashing(Reference):
    def check(self, length, chunk, hashes, buckets, causal, positions=64):
        config = ReformerConfig(hidden_size=WIDTH, num_attention_heads=HEADS, attention_head_size=SIZE, is_decoder=causal,
                                lsh_attn_chunk_length=chunk, num_hashes=hashes, num_buckets=buckets or None, hash_seed=7,
                                max_position_embeddings=positions, lsh_attention_probs_dropout_prob=0.0)
        layer = LSHSelfAttention(config, 0).double()
        layer.query_key.weight.data = sines(1, HEADS * SIZE, WIDTH)
        layer.value.weight.data = sines(2, HEADS * SIZE, WIDTH)
        x = (sines(3, 2, length, WIDTH) + sines(0.5, 2, length, WIDTH) ** 3).requires_grad_()
        y = layer(x).hidden_states @ sines(4, WIDTH, HEADS * SIZE).T
        answer = ask(attention=f"reformer:chunk={chunk}:hashes={hashes}:buckets={buckets}", x=x, seed=7,
                     config={"d_model": WIDTH, "head_count": HEADS, "head_dim": SIZE, "max_positions": positions},
                     context={"causal": causal}, parameters={"query_key.weight": layer.query_key.weight,
                                                             "value.weight": layer.value.weight,
                                                             "output.weight": sines(4, WIDTH, HEADS * SIZE)})
        self.assert_same(answer, y, {"x": x, "query_key.weight": layer.query_key.weight,
                                     "value.weight": layer.value.weight}, tolerance=1e-11)

    def test_chunks_of_hashed_tokens(self):
        for causal in (False, True):
            self.check(24, chunk=4, hashes=1, buckets=4, causal=causal)
            self.check(24, chunk=4, hashes=3, buckets=8, causal=causal)
            self.check(20, chunk=2, hashes=2, buckets=6, causal=causal)

    def test_buckets_by_the_length(self):
        self.check(24, chunk=4, hashes=2, buckets=0, causal=True)
        self.check(64, chunk=2, hashes=2, buckets=0, causal=False)  # in two factors

    def test_rounds_of_hashing(self):
        for hashes in (2, 4, 8):
            self.check(32, chunk=4, hashes=hashes, buckets=8, causal=True)

    def test_one_chunk_is_attended_to_in_full(self):
        for causal in (False, True):
            self.check(6, chunk=8, hashes=2, buckets=4, causal=causal)


if __name__ == "__main__":
    unittest.main()
