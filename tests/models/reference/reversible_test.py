"""Reformer as transformers' ReformerModelWithLMHead computes and trains it: logits and the gradients of all parameters, which
both sides compute by taking the layers' sums apart. The hashes' rotations come from the same seed."""
import json
import os
import tempfile
import unittest

import torch
from transformers import ReformerConfig, ReformerModelWithLMHead

from models_test import fixed_weights, renamed
from support import Reference, ask, sines

NAMES = [
    (r"^reformer\.", ""), (r"^embeddings\.word_embeddings", "embeddings.word"),
    (r"position_embeddings\.weights\.0", "position_rows.weight"),
    (r"position_embeddings\.weights\.1", "position_columns.weight"), (r"^encoder\.layers", "decoder.layer"),
    (r"attention\.layer_norm", "attention_norm"), (r"attention\.self_attention", "attention"),
    (r"attention\.output\.dense", "attention.output"), (r"feed_forward\.layer_norm", "ffn_norm"),
    (r"feed_forward\.dense\.dense", "ffn.up"), (r"feed_forward\.output\.dense", "ffn.down"),
    (r"^encoder\.layer_norm", "final_norm"), (r"^lm_head\.bias", "head.decoder.bias"), (r"^lm_head", "head"),
]
SIZES = dict(vocab_size=19, hidden_size=12, num_attention_heads=3, attention_head_size=4, feed_forward_size=20,
             axial_pos_shape=[4, 6], axial_pos_embds_dim=[4, 8], max_position_embeddings=24, is_decoder=True, hash_seed=7,
             local_attn_chunk_length=3, lsh_attn_chunk_length=4, hidden_dropout_prob=0.0,
             local_attention_probs_dropout_prob=0.0, lsh_attention_probs_dropout_prob=0.0)


class Reversible(Reference):
    def check(self, length=24, train=True, **options):
        torch.manual_seed(1)
        config = ReformerConfig(**{**SIZES, **options}, use_cache=False)
        model = ReformerModelWithLMHead(config).double().train(train)
        fixed_weights(model)
        tokens = torch.randint(19, (2, length))
        weights = sines(5, 2, length, 19)
        logits = model(input_ids=tokens).logits
        ours = {renamed(name, NAMES): parameter for name, parameter in model.named_parameters()}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "config.json")
            with open(path, "w") as file:
                json.dump({**config.to_dict(), "architectures": ["ReformerModelWithLMHead"], "model_type": "reformer",
                           "num_buckets": options.get("num_buckets")}, file)
            self.assertEqual(set(ask(describe=True, model=path)["parameters"]), set(ours))
            answer = ask(model=path, tokens=tokens, parameters=ours, training=train, weights=weights if train else None)
        self.assert_close(answer["y"], logits, 1e-11, "logits")
        if not train:
            return
        (logits * weights).sum().backward()
        for name, parameter in ours.items():
            self.assert_close(answer["gradients"][name], parameter.grad, 1e-10, "the gradient of " + name)

    def test_local_and_lsh_layers_in_turn(self):
        self.check(attn_layers=["local", "lsh", "local", "lsh"], num_buckets=4)
        self.check(attn_layers=["local", "local", "lsh", "local"], num_buckets=[2, 4], hidden_act="gelu")

    def test_layers_of_one_kind(self):
        self.check(attn_layers=["local", "local"])
        self.check(attn_layers=["lsh", "lsh", "lsh"], num_buckets=6)

    def test_rounds_of_hashing(self):
        for rounds in (2, 4, 8):
            self.check(attn_layers=["local", "lsh"], num_hashes=rounds)

    def test_chunks_of_the_feed_forward_and_the_head(self):
        self.check(attn_layers=["local", "lsh"], chunk_size_feed_forward=8, chunk_size_lm_head=6)

    def test_sequences_shorter_than_the_axes(self):
        self.check(attn_layers=["local", "lsh"], length=12, train=False)


if __name__ == "__main__":
    unittest.main()
