"""Generation beside transformers' generate on the same weights in fp64: tokens, logits of each step, and the bytes of its
caches.
"""
import json
import os
import tempfile
import unittest

import torch
import transformers
from transformers import StaticCache

from models_test import (BART_NAMES, GPT2_NAMES, LLAMA_NAMES, T5_NAMES, double_precision, fixed_weights,
                         gpt2_parameters, renamed)
from support import Reference, ask

PROMPT = torch.tensor([[5, 1, 7, 3, 12], [2, 2, 9, 4, 1]])
NEW_TOKENS = 5
SMALL = dict(vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
             max_position_embeddings=16)


def tensors_of(cache):
    """Keys and values of a cache, those of both sides of an encoder-decoder."""
    if hasattr(cache, "self_attention_cache"):
        return tensors_of(cache.self_attention_cache) + tensors_of(cache.cross_attention_cache)
    return [tensor for layer in cache.layers for tensor in (layer.keys, layer.values) if tensor is not None]


def bytes_of(cache):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors_of(cache))


class Generation(Reference):
    def built(self, model_class, config):
        config._attn_implementation = "eager"
        model = model_class(config)
        frequencies = [(module, module.inv_freq.clone()) for module in model.modules() if hasattr(module, "inv_freq")]
        model = model.double().eval()
        for module, fp32 in frequencies:
            module.inv_freq = fp32
        fixed_weights(model)
        model.generation_config.eos_token_id = None
        model.generation_config.pad_token_id = 0
        return model

    def ours(self, model, names, convert, wish, **inputs):
        parameters = convert({renamed(name, names): parameter for name, parameter in model.named_parameters()})
        config = model.config
        required = {key: value for key, value in config.to_dict().items()
                    if isinstance(value, (int, str, bool)) or value is None}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "config.json")
            with open(path, "w") as file:
                json.dump({**config.to_diff_dict(), **required, "architectures": [type(model).__name__]}, file)
            return ask(model=path, tokens=PROMPT, parameters=parameters, generate=wish, **inputs)

    def assert_generates(self, model_class, names, config, convert=dict, **start):
        model = self.built(model_class, config)
        inputs = {name: torch.full((2, 1), token) for name, token in start.items()}
        start_of_decoder = {"decoder_tokens": tokens for tokens in inputs.values()}
        for beams in (1, 3):
            with torch.no_grad(), double_precision():
                theirs = model.generate(PROMPT, attention_mask=torch.ones_like(PROMPT), max_new_tokens=NEW_TOKENS,
                                        min_new_tokens=NEW_TOKENS, do_sample=False, num_beams=beams, use_cache=True,
                                        num_return_sequences=beams, length_penalty=0.0, output_logits=True,
                                        return_dict_in_generate=True, **inputs)
            answer = self.ours(model, names, convert, {"new_tokens": NEW_TOKENS, "beams": beams}, **start_of_decoder)
            what = "%s with %d beams" % (model_class.__name__, beams)
            self.assertEqual(torch.tensor(answer["tokens"]).long().tolist(), theirs.sequences[:, -NEW_TOKENS:].tolist(), what)
            if beams == 1:
                for own, other in zip(answer["logits"], theirs.logits):
                    self.assert_close(own, other, 1e-6, what)  # transformers hands them out in fp32
            self.assertEqual(answer["cache_bytes"], bytes_of(theirs.past_key_values), what)

    def test_gpt2(self):
        config = transformers.GPT2Config(vocab_size=19, n_embd=12, n_layer=2, n_head=3, n_positions=16)
        self.assert_generates(transformers.GPT2LMHeadModel, GPT2_NAMES, config, gpt2_parameters)

    LLAMA = {**SMALL, "hidden_size": 16, "num_attention_heads": 4, "num_key_value_heads": 2}

    def test_llama_in_groups(self):
        self.assert_generates(transformers.LlamaForCausalLM, LLAMA_NAMES, transformers.LlamaConfig(**self.LLAMA))

    def test_t5(self):
        config = transformers.T5Config(vocab_size=19, d_model=12, d_kv=5, d_ff=20, num_layers=3, num_decoder_layers=2,
                                       num_heads=2, relative_attention_num_buckets=8, relative_attention_max_distance=8,
                                       decoder_start_token_id=0)
        self.assert_generates(transformers.T5ForConditionalGeneration, T5_NAMES, config, decoder_input_ids=0)

    def test_bart(self):
        config = transformers.BartConfig(vocab_size=19, d_model=12, encoder_layers=3, decoder_layers=2, encoder_ffn_dim=20,
                                         decoder_ffn_dim=20, encoder_attention_heads=3, decoder_attention_heads=3,
                                         max_position_embeddings=16, forced_eos_token_id=None)
        self.assert_generates(transformers.BartForConditionalGeneration, BART_NAMES, config, decoder_input_ids=2)

    def test_a_fixed_cache_has_the_bytes_of_a_static_cache(self):
        model = self.built(transformers.LlamaForCausalLM, transformers.LlamaConfig(**self.LLAMA))
        static = StaticCache(config=model.config, max_cache_len=PROMPT.shape[1] + NEW_TOKENS)
        with torch.no_grad(), double_precision():
            tokens = model.generate(PROMPT, attention_mask=torch.ones_like(PROMPT), max_new_tokens=NEW_TOKENS,
                                    do_sample=False, past_key_values=static)
        answer = self.ours(model, LLAMA_NAMES, dict, {"new_tokens": NEW_TOKENS, "fixed": True})
        self.assertEqual(torch.tensor(answer["tokens"]).long().tolist(), tokens[:, -NEW_TOKENS:].tolist())
        self.assertEqual(answer["cache_bytes"], bytes_of(static))


if __name__ == "__main__":
    unittest.main()
