"""Multi-head latent attention as transformers computes it for DeepSeek-V2 and DeepSeek-V3."""
import unittest

import torch
from transformers import DeepseekV2Config, DeepseekV3Config
from transformers.models.deepseek_v2.modeling_deepseek_v2 import DeepseekV2Attention
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3Attention

from support import Reference, ask, shapes, sines

HEADS, NOPE, ROPE, VALUE, RANK = 3, 4, 6, 5, 7
SIZES = f"kv-rank={RANK}:nope={NOPE}:rope={ROPE}:value={VALUE}"
ROLES = {"q_proj": "query", "q_a_proj": "query_down", "q_a_layernorm": "query_norm", "q_b_proj": "query_up",
         "kv_a_proj_with_mqa": "key_value_down", "kv_a_layernorm": "key_value_norm", "kv_b_proj": "key_value_up",
         "o_proj": "output"}


def config_of(kind, query_rank, **more):
    config = kind(hidden_size=12, num_attention_heads=HEADS, num_key_value_heads=HEADS, q_lora_rank=query_rank or None,
                  kv_lora_rank=RANK, qk_nope_head_dim=NOPE, qk_rope_head_dim=ROPE, v_head_dim=VALUE,
                  attention_bias=True, **more)
    config._attn_implementation = "sdpa"
    return config


def filled(layer):
    """The layer in fp64, every parameter from sines."""
    layer = layer.double()
    for k, parameter in enumerate(layer.parameters()):
        parameter.data = sines(k, *parameter.shape, scale=0.5)
    return layer


def ours(layer):
    """Its parameters under the names of this project."""
    named = ((name.rsplit(".", 1), parameter) for name, parameter in layer.named_parameters())
    return {f"{ROLES[module]}.{kind}": parameter for (module, kind), parameter in named}


def angles(length):
    return torch.arange(length)[:, None] / 10000.0 ** (torch.arange(0, ROPE, 2) / ROPE)


def answer_of(layer, x, query_rank, interleaved, absorbed):
    table = angles(x.shape[1])
    table = table.repeat_interleave(2, 1) if interleaved else table.repeat(1, 2)
    return ask(attention=f"mla:q-rank={query_rank}:{SIZES}:absorbed={absorbed}", x=x,
               config={"d_model": 12, "head_count": HEADS, "attention_bias": True,
                       "positions": "rope-interleaved" if interleaved else "rope"},
               context={"causal": True, "cos": table.cos(), "sin": table.sin()}, parameters=ours(layer))


class Latent(Reference):
    def check(self, layer, y, x, query_rank, interleaved, tolerance):
        named = {"x": x, "key_value_up.weight": layer.kv_b_proj.weight, "output.weight": layer.o_proj.weight,
                 "key_value_norm.weight": layer.kv_a_layernorm.weight}
        if query_rank:
            named |= {"query_norm.weight": layer.q_a_layernorm.weight, "query_down.bias": layer.q_a_proj.bias}
        for absorbed in ("no", "yes"):
            answer = answer_of(layer, x, query_rank, interleaved, absorbed)
            self.assert_close(answer["y"], y, tolerance)
            for (name, leaf), gradient in zip(
                    named.items(), torch.autograd.grad(y.sum(), list(named.values()), retain_graph=True)):
                self.assert_close(answer["gradients"][name], gradient, tolerance, name)

    def test_mla_is_deepseek_v3s(self):
        mask = torch.full((5, 5), float("-inf")).triu(1)[None, None]
        for query_rank in (0, 6):
            for interleaved in (False, True):
                layer = DeepseekV3Attention(config_of(DeepseekV3Config, query_rank, rope_interleave=interleaved,
                                                      rope_scaling=None), 0)
                # transformers' norms go through fp32.
                layer.kv_a_layernorm = torch.nn.RMSNorm(RANK, eps=1e-6)
                if query_rank:
                    layer.q_a_layernorm = torch.nn.RMSNorm(query_rank, eps=1e-6)
                layer = filled(layer)
                x = sines(9, 2, 5, 12).requires_grad_()
                table = angles(5).repeat(1, 2)[None]
                y = layer(x, (table.cos(), table.sin()), mask)[0]
                self.check(layer, y, x, query_rank, interleaved, 1e-12)

    def test_mla_is_deepseek_v2s(self):
        layer = filled(DeepseekV2Attention(config_of(DeepseekV2Config, 6), 0))
        x = sines(9, 2, 5, 12).requires_grad_()
        turns = torch.polar(torch.ones(5, ROPE // 2), angles(5))[None]
        mask = torch.full((5, 5), float("-inf")).triu(1)[None, None]
        y = layer(x, mask, position_embeddings=turns)[0]
        # Its norms and rotations go through fp32.
        self.check(layer, y, x, 6, True, 1e-5)

    def test_parameters_have_the_same_shapes(self):
        layer = DeepseekV3Attention(config_of(DeepseekV3Config, 6, rope_scaling=None), 0)
        found = shapes(attention=f"mla:q-rank=6:{SIZES}",
                       config={"d_model": 12, "head_count": HEADS, "attention_bias": True})
        self.assertEqual(found, {name: tuple(parameter.shape) for name, parameter in ours(layer).items()})


if __name__ == "__main__":
    unittest.main()
