"""Mixtures of experts as transformers computes them: Mixtral's, DeepSeek-V2's and DeepSeek-V3's, the layers alone with
their gradients, then whole models with latent attention and YaRN, each expert with room for every token.
"""
import contextlib
import json
import os
import re
import tempfile
import unittest
from unittest import mock

import torch
from transformers import (DeepseekV2Config, DeepseekV2ForCausalLM, DeepseekV3Config, DeepseekV3ForCausalLM, MixtralConfig,
                          MixtralForCausalLM)
from transformers.models.deepseek_v2.modeling_deepseek_v2 import DeepseekV2MoE
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3MoE
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

import models_test
from support import Reference, ask, sines

SMALL = dict(vocab_size=19, hidden_size=12, num_hidden_layers=3, num_attention_heads=3, intermediate_size=14,
             max_position_embeddings=40)
LATENT = dict(num_key_value_heads=3, kv_lora_rank=8, qk_nope_head_dim=4, qk_rope_head_dim=6, v_head_dim=5, moe_intermediate_size=5,
              first_k_dense_replace=1)
V3 = dict(**SMALL, **LATENT, q_lora_rank=6, n_routed_experts=8, n_shared_experts=2, n_group=4, topk_group=2,
          num_experts_per_tok=3, routed_scaling_factor=2.5)
V2 = dict(**SMALL, **LATENT, n_routed_experts=6, n_shared_experts=2, num_experts_per_tok=2, routed_scaling_factor=4.0)
YARN = {"type": "yarn", "factor": 4.0, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 1.0,
        "original_max_position_embeddings": 10}


@contextlib.contextmanager
def double_precision():
    """What they compute in fp32, in fp64."""
    cast, softmax = torch.Tensor.type, torch.Tensor.softmax

    def wide(tensor, dtype=None, **more):
        return tensor if dtype is torch.float32 else cast(tensor, dtype, **more)

    with models_test.double_precision(), mock.patch.object(torch.Tensor, "type", wide), \
            mock.patch.object(torch.Tensor, "softmax", lambda tensor, dim, dtype=None: softmax(tensor, dim)):
        yield


@contextlib.contextmanager
def config_file(config, class_name):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "config.json")
        with open(path, "w") as file:
            json.dump({**config.to_dict(), "architectures": [class_name]}, file)
        yield path


def stacked(named):
    """Experts' matrices under one name: "….experts.3.gate_proj.weight" is row 3 of "….experts.gate.weight"."""
    ours, rows = {}, {}
    for name, value in named.items():
        found = re.match(r"(.*)experts\.(\d+)\.(?:(gate|up|down)_proj|(w[123]))\.weight$", name)
        if not found:
            ours[name] = value
            continue
        role = found[3] or {"w1": "gate", "w2": "down", "w3": "up"}[found[4]]
        rows.setdefault(f"{found[1]}experts.{role}.weight", []).append(value)
    return ours | {name: torch.stack(values) for name, values in rows.items()}


LAYER = [(r"^gate\.weight$", "router.weight"), (r"shared_experts\.(gate|up|down)_proj", r"shared.\1")]
MODEL = [
    (r"(mlp|block_sparse_moe)\.gate\.weight$", "ffn.router.weight"),
    (r"^model\.", ""), (r"^embed_tokens", "embeddings.word"), (r"^layers", "decoder.layer"), (r"^norm", "final_norm"),
    (r"self_attn\.q_proj", "attention.query"), (r"self_attn\.k_proj", "attention.key"),
    (r"self_attn\.v_proj", "attention.value"), (r"self_attn\.o_proj", "attention.output"),
    (r"self_attn\.q_a_proj", "attention.query_down"), (r"self_attn\.q_a_layernorm", "attention.query_norm"),
    (r"self_attn\.q_b_proj", "attention.query_up"), (r"self_attn\.kv_a_proj_with_mqa", "attention.key_value_down"),
    (r"self_attn\.kv_a_layernorm", "attention.key_value_norm"), (r"self_attn\.kv_b_proj", "attention.key_value_up"),
    (r"input_layernorm", "attention_norm"), (r"post_attention_layernorm", "ffn_norm"), (r"block_sparse_moe", "ffn"),
    (r"mlp\.shared_experts\.(gate|up|down)_proj", r"ffn.shared.\1"), (r"mlp\.(gate|up|down)_proj", r"ffn.\1"),
    (r"mlp\.", "ffn."), (r"^lm_head", "head.decoder"),
]


def ours_of(named, rules):
    """Their parameters, or what belongs to them, under our names."""
    return {models_test.renamed(name, rules): value for name, value in stacked(named).items()}


def experts_of(config):
    return getattr(config, "n_routed_experts", None) or config.num_local_experts


class Layers(Reference):
    def check(self, layer, config, class_name):
        layer = layer.double()
        for k, parameter in enumerate(layer.parameters()):
            parameter.data = sines(k, *parameter.shape, scale=0.7)
        buffers = []
        if hasattr(layer.gate, "e_score_correction_bias"):
            layer.gate.e_score_correction_bias = sines(3, experts_of(config), scale=0.2)
            buffers.append(layer.gate.e_score_correction_bias)
        x, weights = sines(9, 2, 11, 12).requires_grad_(), sines(5, 2, 11, 12)
        with double_precision():
            y = layer(x)
        y = y[0] if isinstance(y, tuple) else y
        theirs = dict(layer.named_parameters())
        with config_file(config, class_name) as path:
            answer = ask(feed_forward=path, capacity_factor=experts_of(config) / config.num_experts_per_tok, x=x,
                         weights=weights, parameters=ours_of(theirs, LAYER), buffers=[b.tolist() for b in buffers])
        self.assert_close(answer["y"], y)
        gradients = torch.autograd.grad((y * weights).sum(), [x, *theirs.values()], allow_unused=True)
        self.assert_close(answer["gradients"]["x"], gradients[0], what="x")
        # An expert that no token takes has none.
        known = {name: torch.zeros_like(leaf) if found is None else found
                 for (name, leaf), found in zip(theirs.items(), gradients[1:])}
        for name, gradient in ours_of(known, LAYER).items():
            self.assert_close(answer["gradients"][name], gradient, what=name)

    def test_mixtrals(self):
        config = MixtralConfig(**SMALL, num_key_value_heads=1, num_local_experts=5, num_experts_per_tok=2)
        self.check(MixtralSparseMoeBlock(config), config, "MixtralForCausalLM")

    def test_deepseek_v2s(self):
        for choice in (dict(topk_method="greedy"), dict(topk_method="group_limited_greedy", n_group=3, topk_group=2)):
            config = DeepseekV2Config(**V2, **choice)
            self.check(DeepseekV2MoE(config), config, "DeepseekV2ForCausalLM")

    def test_deepseek_v3s(self):
        for choice in (dict(), dict(norm_topk_prob=False)):
            config = DeepseekV3Config(**V3, **choice)
            self.check(DeepseekV3MoE(config), config, "DeepseekV3ForCausalLM")


class Whole(Reference):
    def check(self, model_class, config, tolerance):
        config._attn_implementation = "eager"
        model = model_class(config)
        frequencies = [(module, module.inv_freq.clone()) for module in model.modules() if hasattr(module, "inv_freq")]
        model = model.double().eval()
        for module, fp32 in frequencies:
            module.inv_freq = fp32
        models_test.fixed_weights(model)
        tokens = torch.tensor([[5, 1, 7, 0, 3, 12, 5], [2, 2, 9, 18, 4, 1, 6]])
        with torch.no_grad(), double_precision():
            expected = model(input_ids=tokens).logits
        ours = ours_of(dict(model.named_parameters()), MODEL)
        with config_file(config, model_class.__name__) as path:
            known = ask(describe=True, model=path)["parameters"]
            self.assertEqual(set(ours), set(known))
            self.assertEqual(sum(p.numel() for p in model.parameters()), sum(p.numel() for p in ours.values()))
            answer = ask(model=path, tokens=tokens, parameters=ours,
                         capacity_factor=experts_of(config) / config.num_experts_per_tok)
        self.assert_close(answer["y"], expected, tolerance, model_class.__name__)

    def test_mixtral(self):
        config = MixtralConfig(**{**SMALL, "num_attention_heads": 2}, num_key_value_heads=1, num_local_experts=5)
        self.check(MixtralForCausalLM, config, 1e-10)

    def test_deepseek_v3_with_yarn(self):
        for rope in (None, dict(YARN), dict(YARN, mscale=0.7), {k: v for k, v in YARN.items() if "mscale" not in k}):
            self.check(DeepseekV3ForCausalLM, DeepseekV3Config(**V3, rope_scaling=rope), 1e-10)

    def test_deepseek_v2_with_yarn(self):
        for rank, rope in ((None, None), (6, dict(YARN))):
            config = DeepseekV2Config(**V2, q_lora_rank=rank, rope_scaling=rope)
            # Its rotation goes through complex numbers of fp32.
            self.check(DeepseekV2ForCausalLM, config, 1e-5)


if __name__ == "__main__":
    unittest.main()
