"""Rotary positions, ALiBi and T5's biases as transformers computes them."""
import contextlib
import unittest
from unittest import mock

import torch
from transformers import BloomConfig, LlamaConfig, MptConfig, RoFormerConfig, T5Config
from transformers.models.bloom.modeling_bloom import BloomAttention, build_alibi_tensor
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb as gptj_rotation
from transformers.models.gptj.modeling_gptj import create_sinusoidal_positions
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding
from transformers.models.mpt.modeling_mpt import MptAttention, build_mpt_alibi_tensor
from transformers.models.roformer.modeling_roformer import RoFormerSelfAttention
from transformers.models.t5.modeling_t5 import T5Attention

from support import Reference, ask, sines

LENGTH = 7
MASK = torch.full((LENGTH, LENGTH), float("-inf")).triu(1)


@contextlib.contextmanager
def no_fp32():
    """Their softmax in fp64, where they cast to fp32."""
    with mock.patch.object(torch.Tensor, "float", lambda tensor: tensor), \
            mock.patch.object(torch.nn.functional, "softmax", lambda x, dim, dtype=None: torch.softmax(x, dim)):
        yield


def angles(width, base=10000.0):
    """[T, width / 2], in fp64."""
    return torch.arange(LENGTH)[:, None] / base ** (torch.arange(0, width, 2) / width)


class Rotary(Reference):
    def llama(self):
        config = LlamaConfig(hidden_size=12, num_attention_heads=3, num_key_value_heads=1, head_dim=4)
        config._attn_implementation = "eager"
        theirs, ours = LlamaAttention(config, 0).double(), {}
        for k, role in enumerate(("query", "key", "value", "output")):
            weight = getattr(theirs, role[0] + "_proj").weight
            weight.data = sines(k, *weight.shape)
            ours[role + ".weight"] = weight
        return config, theirs, ours

    def test_halves_are_llamas(self):
        _, theirs, ours = self.llama()
        x = sines(9, 2, LENGTH, 12).requires_grad_()
        both = torch.cat((angles(4), angles(4)), -1)
        with no_fp32():
            y = theirs(x, (both.cos()[None], both.sin()[None]), MASK[None, None])[0]
        answer = ask(attention="mqa", config={"d_model": 12, "head_count": 3, "positions": "rope"},
                     context={"causal": True, "cos": both.cos(), "sin": both.sin()}, x=x, parameters=ours)
        self.assert_same(answer, y, {"x": x, "query.weight": theirs.q_proj.weight, "key.weight": theirs.k_proj.weight})

    def test_tables_are_llamas_to_fp32(self):
        config, theirs, ours = self.llama()
        x = sines(9, 2, LENGTH, 12).requires_grad_()
        tables = LlamaRotaryEmbedding(config)(x, torch.arange(LENGTH)[None])
        with no_fp32():
            y = theirs(x, tables, MASK[None, None])[0]
        answer = ask(attention="mqa", config={"d_model": 12, "head_count": 3, "positions": "rope"},
                     context={"causal": True}, x=x, parameters=ours)
        self.assert_same(answer, y, {"x": x, "query.weight": theirs.q_proj.weight}, tolerance=1e-5)

    def test_interleaved_is_roformers(self):
        theirs = RoFormerSelfAttention(RoFormerConfig(hidden_size=12, num_attention_heads=3, rotary_value=False)).double().eval()
        ours = {"output.weight": torch.eye(12), "output.bias": torch.zeros(12)}
        for k, role in enumerate(("query", "key", "value")):
            layer = getattr(theirs, role)
            ours[role + ".weight"] = layer.weight.data = sines(k, 12, 12)
            ours[role + ".bias"] = layer.bias.data = sines(k + 5, 12)
        x = sines(9, 2, LENGTH, 12).requires_grad_()
        y = theirs(x, sinusoidal_pos=torch.cat((angles(4).sin(), angles(4).cos()), -1)[None, None])[0]
        both = angles(4).repeat_interleave(2, -1)
        config = {"d_model": 12, "head_count": 3, "positions": "rope-interleaved", "attention_bias": True}
        given = ask(config=config, context={"cos": both.cos(), "sin": both.sin()}, x=x, parameters=ours)
        self.assert_same(given, y, {"x": x, "query.weight": theirs.query.weight, "key.weight": theirs.key.weight,
                                    "key.bias": theirs.key.bias})
        self.assert_close(ask(config=config, x=x, parameters=ours)["y"], y, 1e-5, "with tables of its own")

    def test_interleaved_is_gptjs(self):
        x = sines(9, 2, LENGTH, 8).requires_grad_()
        weights = {role: sines(k, 8, 8).requires_grad_() for k, role in enumerate(("query", "key", "value"))}
        q, k, v = ((x @ weight.T).view(2, LENGTH, 2, 4) for weight in weights.values())
        sin, cos = angles(4).sin()[None], angles(4).cos()[None]
        q, k = gptj_rotation(q, sin, cos), gptj_rotation(k, sin, cos)
        y = torch.nn.functional.scaled_dot_product_attention(*(t.transpose(1, 2) for t in (q, k, v)), is_causal=True)
        y = y.transpose(1, 2).flatten(2)
        parameters = {role + ".weight": weight for role, weight in weights.items()} | {"output.weight": torch.eye(8)}
        both = angles(4).repeat_interleave(2, -1)
        answer = ask(config={"d_model": 8, "head_count": 2, "positions": "rope-interleaved"}, x=x, parameters=parameters,
                     context={"causal": True, "cos": both.cos(), "sin": both.sin()})
        self.assert_same(answer, y, {"x": x, "query.weight": weights["query"], "key.weight": weights["key"]})
        self.assert_close(torch.cat((angles(4).sin(), angles(4).cos()), -1), create_sinusoidal_positions(LENGTH, 4), 1e-6)


class Alibi(Reference):
    # Slopes that fp32 holds exactly; see AlibiSlopes of positions_test.cpp for others.
    HEADS = (2, 4, 6)

    def test_is_blooms(self):
        for heads in self.HEADS:
            width = 4 * heads
            config = BloomConfig(hidden_size=width, n_head=heads, hidden_dropout=0.0, attention_dropout=0.0)
            theirs = BloomAttention(config, 0).double()
            fused = {"weight": sines(1, 3, width, width), "bias": sines(2, 3, width)}  # query, key, value
            for name, value in fused.items():  # theirs: head by head
                by_head = value.view(3, heads, 4, *value.shape[2:]).transpose(0, 1).reshape(3 * width, *value.shape[2:])
                getattr(theirs.query_key_value, name).data = by_head.contiguous()
            theirs.dense.weight.data, theirs.dense.bias.data = sines(3, width, width), sines(4, width)
            ours = {"output.weight": theirs.dense.weight, "output.bias": theirs.dense.bias}
            for place, role in enumerate(("query", "key", "value")):
                for name in fused:
                    ours[f"{role}.{name}"] = fused[name][place]
            x = sines(9, 2, LENGTH, width).requires_grad_()
            alibi = build_alibi_tensor(torch.ones(2, LENGTH), heads, torch.float64)
            with no_fp32():
                y = theirs(x, torch.zeros_like(x), alibi, MASK[None, None])[0]
            for backend in ("eager", "math"):
                answer = ask(config={"d_model": width, "head_count": heads, "positions": "alibi", "attention_bias": True},
                             context={"causal": True}, x=x, parameters=ours, backend=backend)
                self.assert_close(answer["y"], y, what=f"{heads} heads, {backend}")
                self.assert_close(answer["gradients"]["x"], torch.autograd.grad(y.sum(), x, retain_graph=True)[0])
                self.assert_close(answer["gradients"]["output.weight"],
                                  torch.autograd.grad(y.sum(), theirs.dense.weight, retain_graph=True)[0])

    def test_is_mpts(self):
        for heads in self.HEADS:
            width = 4 * heads
            theirs = MptAttention(MptConfig(d_model=width, n_heads=heads, max_seq_len=LENGTH), 0).double()
            theirs.Wqkv.weight.data, theirs.out_proj.weight.data = sines(1, 3 * width, width), sines(2, width, width)
            query, key, value = theirs.Wqkv.weight.chunk(3)
            x = sines(9, 2, LENGTH, width).requires_grad_()
            with no_fp32():
                bias = build_mpt_alibi_tensor(heads, LENGTH)
                y = theirs(x, bias, attention_mask=torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1))[0]
            answer = ask(config={"d_model": width, "head_count": heads, "positions": "alibi"}, context={"causal": True}, x=x,
                         parameters={"query.weight": query, "key.weight": key, "value.weight": value,
                                     "output.weight": theirs.out_proj.weight})
            self.assert_close(answer["y"], y, what=f"{heads} heads")
            self.assert_close(answer["gradients"]["x"], torch.autograd.grad(y.sum(), x, retain_graph=True)[0])
            self.assert_close(torch.cat([answer["gradients"][role + ".weight"] for role in ("query", "key", "value")]),
                              torch.autograd.grad(y.sum(), theirs.Wqkv.weight)[0])


class T5(Reference):
    def test_is_t5s_in_encoders_and_decoders(self):
        for decoder in (False, True):
            for buckets, distance in ((32, 128), (8, 12), (4, 4)):
                config = T5Config(d_model=10, d_kv=4, num_heads=3, relative_attention_num_buckets=buckets,
                                  relative_attention_max_distance=distance, dropout_rate=0.0, is_decoder=decoder)
                theirs = T5Attention(config, has_relative_attention_bias=True, layer_idx=0).double()
                ours = {"position_bias.weight": theirs.relative_attention_bias.weight}
                for k, role in enumerate(("query", "key", "value", "output")):
                    weight = getattr(theirs, role[0]).weight
                    weight.data = sines(k, *weight.shape)
                    ours[role + ".weight"] = weight
                length = 40
                x = sines(9, 2, length, 10).requires_grad_()
                bias = theirs.compute_bias(length, length, cache_position=torch.arange(length))
                if decoder:
                    bias = bias + torch.full((length, length), float("-inf")).triu(1)
                with no_fp32():
                    y = theirs(x, position_bias=bias)[0]
                for backend in ("eager", "math"):
                    answer = ask(config={"d_model": 10, "head_count": 3, "head_dim": 4, "positions": "t5-buckets",
                                         "position_bucket_count": buckets, "position_max_distance": distance,
                                         "attention_scaled": False},
                                 context={"causal": decoder}, x=x, parameters=ours, backend=backend)
                    what = f"decoder {decoder}, {buckets} buckets to {distance}, {backend}"
                    self.assert_close(answer["y"], y, what=what)
                    leaves = {"x": x, "position_bias.weight": theirs.relative_attention_bias.weight, "query.weight": theirs.q.weight}
                    for name, gradient in zip(leaves, torch.autograd.grad(y.sum(), leaves.values(), retain_graph=True)):
                        self.assert_close(answer["gradients"][name], gradient, what=f"{what}: the gradient of {name}")


if __name__ == "__main__":
    unittest.main()
