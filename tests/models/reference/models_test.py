"""Whole models imported from a config.json, beside the transformers classes of the same file: logits on the same weights
in fp64, and the number of parameters of every preset whose sizes transformers can build.
"""
import contextlib
import json
import os
import re
import tempfile
import unittest

import torch
import transformers
from transformers.modeling_utils import no_init_weights

from support import Reference, ask, sines


@contextlib.contextmanager
def double_precision():
    """Makes what asks for fp32 in the middle of a model (softmax, RMSNorm) stay in fp64."""
    to, to_float, softmax = torch.Tensor.to, torch.Tensor.float, torch.nn.functional.softmax

    def wide_to(self, *args, **kwargs):
        asks = torch.float32 in args or kwargs.get("dtype") is torch.float32
        return self if asks and self.dtype is torch.float64 else to(self, *args, **kwargs)

    def wide_softmax(input, *args, **kwargs):
        if kwargs.get("dtype") is torch.float32 and input.dtype is torch.float64:
            kwargs["dtype"] = torch.float64
        return softmax(input, *args, **kwargs)

    torch.Tensor.to = wide_to
    torch.Tensor.float = lambda self: self if self.dtype is torch.float64 else to_float(self)
    torch.nn.functional.softmax = wide_softmax
    try:
        yield
    finally:
        torch.Tensor.to, torch.Tensor.float, torch.nn.functional.softmax = to, to_float, softmax


def renamed(name, rules):
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


BERT_NAMES = [
    (r"^\w+\.embeddings\.", "embeddings."), (r"^\w+\.encoder\.", "encoder."),
    (r"embeddings\.(word|position|token_type)_embeddings", r"embeddings.\1"), (r"embeddings\.LayerNorm", "embeddings.norm"),
    (r"attention\.self\.", "attention."), (r"attention\.output\.LayerNorm", "attention_norm"),
    (r"attention\.output\.dense", "attention.output"), (r"intermediate\.dense", "ffn.up"),
    (r"layer\.(\d+)\.output\.dense", r"layer.\1.ffn.down"), (r"layer\.(\d+)\.output\.LayerNorm", r"layer.\1.ffn_norm"),
    (r"^cls\.predictions\.transform\.dense", "head.transform"), (r"^cls\.predictions\.transform\.LayerNorm", "head.norm"),
    (r"^cls\.predictions\.bias", "head.decoder.bias"), (r"^cls\.predictions\.decoder", "head.decoder"),
    (r"^pooler\.dense", "head.pooler"),
]
ROBERTA_NAMES = BERT_NAMES + [
    (r"^lm_head\.dense", "head.transform"), (r"^lm_head\.layer_norm", "head.norm"), (r"^lm_head\.bias", "head.decoder.bias"),
    (r"^lm_head\.decoder", "head.decoder"),
]
ELECTRA_NAMES = BERT_NAMES + [
    (r"^electra\.embeddings_project", "embeddings.projection"), (r"^generator_predictions\.dense", "head.transform"),
    (r"^generator_predictions\.LayerNorm", "head.norm"), (r"^generator_lm_head", "head.decoder"),
    (r"^discriminator_predictions\.dense_prediction", "head.classifier"),
    (r"^discriminator_predictions\.dense", "head.transform"),
]
DISTILBERT_NAMES = [
    (r"^distilbert\.", ""), (r"transformer\.layer", "encoder.layer"),
    (r"embeddings\.(word|position)_embeddings", r"embeddings.\1"), (r"embeddings\.LayerNorm", "embeddings.norm"),
    (r"attention\.q_lin", "attention.query"), (r"attention\.k_lin", "attention.key"),
    (r"attention\.v_lin", "attention.value"), (r"attention\.out_lin", "attention.output"),
    (r"sa_layer_norm", "attention_norm"), (r"output_layer_norm", "ffn_norm"), (r"ffn\.lin1", "ffn.up"),
    (r"ffn\.lin2", "ffn.down"), (r"vocab_transform", "head.transform"), (r"vocab_layer_norm", "head.norm"),
    (r"vocab_projector", "head.decoder"),
]
ALBERT_NAMES = [
    (r"encoder\.embedding_hidden_mapping_in", "embeddings.projection"),
    (r"encoder\.albert_layer_groups\.0\.albert_layers\.0", "encoder.layer.0"),
    (r"attention\.dense", "attention.output"), (r"attention\.LayerNorm", "attention_norm"), (r"\.ffn\.", ".ffn.up."),
    (r"\.ffn_output\.", ".ffn.down."), (r"full_layer_layer_norm", "ffn_norm"),
    (r"^predictions\.dense", "head.transform"), (r"^predictions\.LayerNorm", "head.norm"),
    (r"^predictions\.bias", "head.decoder.bias"), (r"^predictions\.decoder", "head.decoder"),
    (r"^albert\.embeddings\.projection", "embeddings.projection"), *BERT_NAMES,
]
FNET_NAMES = [(r"^fnet\.pooler\.dense", "head.pooler"), (r"fourier\.output\.LayerNorm", "attention_norm"), *BERT_NAMES]
BIGBIRD_NAMES = [(r"^bert\.pooler\.", "head.pooler."), *BERT_NAMES]
LONGFORMER_NAMES = [(r"attention\.self\.(query|key|value)_global", r"attention.global_\1"), *ROBERTA_NAMES]
MOBILEBERT_NAMES = [
    (r"embedding_transformation", "projection"), (r"bottleneck\.input\.dense", "input.dense"),
    (r"bottleneck\.input\.LayerNorm", "input_norm"), (r"bottleneck\.attention\.dense", "key_query.dense"),
    (r"bottleneck\.attention\.LayerNorm", "key_query_norm"), (r"\.output\.bottleneck\.dense", ".output.back"),
    (r"\.output\.bottleneck\.LayerNorm", ".output_norm"), (r"(ffn\.\d+)\.intermediate\.dense", r"\1.up"),
    (r"(ffn\.\d+)\.output\.dense", r"\1.down"), (r"(ffn\.\d+)\.output\.LayerNorm", r"\1_norm"),
    (r"(layer\.\d+)\.intermediate\.dense", r"\1.ffn.LAST.up"), (r"(layer\.\d+)\.output\.dense", r"\1.ffn.LAST.down"),
    (r"(layer\.\d+)\.output\.LayerNorm", r"\1.ffn.LAST_norm"),
    (r"^cls\.predictions\.dense", "head.decoder_further"), *BERT_NAMES, (r"output\.back", "output.dense"),
]
CANINE_NAMES = [
    (r"^canine\.", ""), (r"^char_embeddings\.", "embeddings."), (r"HashBucketCodepointEmbedder_(\d+)", r"hash.\1"),
    (r"char_position_embeddings", "position_embeddings"), (r"^initial_char_encoder", "character_encoder"),
    (r"^final_char_encoder", "final_encoder"), (r"^chars_to_molecules", "downsampling"), (r"^projection", "upsampling"),
    (r"^(down|up)sampling\.LayerNorm", r"\1sampling.norm"), (r"^classifier", "head.classifier"), *BERT_NAMES,
]
T5_NAMES = [
    (r"^shared", "embeddings.word"), (r"\.block\.", ".layer."), (r"layer\.(\d+)\.layer\.0\.SelfAttention", r"layer.\1.attention"),
    (r"layer\.(\d+)\.layer\.0\.layer_norm", r"layer.\1.attention_norm"),
    (r"layer\.(\d+)\.layer\.1\.EncDecAttention", r"layer.\1.cross_attention"),
    (r"decoder\.layer\.(\d+)\.layer\.1\.layer_norm", r"decoder.layer.\1.cross_attention_norm"),
    (r"layer\.(\d+)\.layer\.\d\.layer_norm", r"layer.\1.ffn_norm"),
    (r"layer\.(\d+)\.layer\.\d\.DenseReluDense", r"layer.\1.ffn"),
    (r"attention\.q\.", "attention.query."), (r"attention\.k\.", "attention.key."), (r"attention\.v\.", "attention.value."),
    (r"attention\.o\.", "attention.output."), (r"ffn\.wi\.", "ffn.up."), (r"ffn\.wi_0", "ffn.gate"),
    (r"ffn\.wi_1", "ffn.up"), (r"ffn\.wo", "ffn.down"), (r"^encoder\.final_layer_norm", "encoder_final_norm"),
    (r"^decoder\.final_layer_norm", "final_norm"), (r"^lm_head", "head.decoder"),
    (r"relative_attention_bias", "position_bias"),
]
BART_NAMES = [
    (r"^model\.", ""), (r"^shared", "embeddings.word"), (r"^encoder\.embed_positions", "embeddings.position"),
    (r"^decoder\.embed_positions", "decoder_embeddings.position"),
    (r"^encoder\.layernorm_embedding", "embeddings.norm"), (r"^decoder\.layernorm_embedding", "decoder_embeddings.norm"),
    (r"\.layers\.", ".layer."), (r"self_attn_layer_norm", "attention_norm"),
    (r"encoder_attn_layer_norm", "cross_attention_norm"), (r"final_layer_norm", "ffn_norm"),
    (r"self_attn\.", "attention."), (r"encoder_attn\.", "cross_attention."), (r"attention\.q_proj", "attention.query"),
    (r"attention\.k_proj", "attention.key"), (r"attention\.v_proj", "attention.value"),
    (r"attention\.out_proj", "attention.output"), (r"fc1", "ffn.up"), (r"fc2", "ffn.down"), (r"^lm_head", "head.decoder"),
]
GPT2_NAMES = [
    (r"^transformer\.", ""), (r"^wte", "embeddings.word"), (r"^wpe", "embeddings.position"), (r"^h\.", "decoder.layer."),
    (r"ln_1", "attention_norm"), (r"ln_2", "ffn_norm"), (r"^ln_f", "final_norm"), (r"attn\.c_attn", "attention.qkv"),
    (r"attn\.c_proj", "attention.output"), (r"mlp\.c_fc", "ffn.up"), (r"mlp\.c_proj", "ffn.down"),
]
LLAMA_NAMES = [
    (r"^model\.", ""), (r"^embed_tokens", "embeddings.word"), (r"^layers", "decoder.layer"), (r"^norm", "final_norm"),
    (r"self_attn\.q_proj", "attention.query"), (r"self_attn\.k_proj", "attention.key"),
    (r"self_attn\.v_proj", "attention.value"), (r"self_attn\.o_proj", "attention.output"),
    (r"input_layernorm", "attention_norm"), (r"post_attention_layernorm", "ffn_norm"),
    (r"mlp\.(gate|up|down)_proj", r"ffn.\1"), (r"^lm_head", "head.decoder"),
]
OPT_NAMES = [
    (r"^model\.decoder\.", ""), (r"^embed_tokens", "embeddings.word"), (r"^embed_positions", "embeddings.position"),
    (r"^project_in", "embeddings.projection"), (r"^project_out", "head.projection"),
    (r"^final_layer_norm", "final_norm"), (r"^layers", "decoder.layer"), (r"self_attn_layer_norm", "attention_norm"),
    (r"final_layer_norm", "ffn_norm"), (r"self_attn\.q_proj", "attention.query"), (r"self_attn\.k_proj", "attention.key"),
    (r"self_attn\.v_proj", "attention.value"), (r"self_attn\.out_proj", "attention.output"), (r"fc1", "ffn.up"),
    (r"fc2", "ffn.down"), (r"^lm_head", "head.decoder"),
]


def fixed_weights(model):
    """Gives each parameter numbers of its own: sines, around 1 for the weights of norms."""
    for k, (name, parameter) in enumerate(model.named_parameters()):
        is_scale = parameter.dim() == 1 and name.endswith("weight")
        parameter.data = sines(k, *parameter.shape, scale=0.2) + (1.0 if is_scale else 0.0)


def gpt2_parameters(named):
    """Conv1D keeps [in, out], and one matrix for queries, keys and values."""
    ours = {}
    for name, value in named.items():
        if value.dim() == 2 and not name.startswith("embeddings"):
            value = value.T
        if ".qkv." in name:
            for role, part in zip(("query", "key", "value"), value.chunk(3)):
                ours[name.replace("qkv", role)] = part
        else:
            ours[name] = value
    return ours


class Models(Reference):
    def assert_logits(self, model_class, names, config, tolerance=1e-10, convert=dict, output="logits", tokens=None,
                      training=False, **inputs):
        """The probe's logits from `config`'s file equal those of `model_class`, dropout off. training: as the class computes
        them in training."""
        config._attn_implementation = "eager"
        model = model_class(config)
        frequencies = [(module, module.inv_freq.clone()) for module in model.modules() if hasattr(module, "inv_freq")]
        model = model.double().train(training)
        for module, fp32 in frequencies:
            module.inv_freq = fp32
        fixed_weights(model)
        tokens = torch.tensor([[5, 1, 7, 0, 3, 12, 5], [2, 2, 9, 18, 4, 1, 6]]) if tokens is None else tokens
        with torch.no_grad(), double_precision():
            expected = getattr(model(input_ids=tokens, **inputs), output)
        ours = convert({renamed(name, names): parameter for name, parameter in model.named_parameters()})
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "config.json")
            with open(path, "w") as file:
                json.dump({**config.to_diff_dict(), **self.required(config), "architectures": [model_class.__name__]}, file)
            known = ask(describe=True, model=path)["parameters"]
            self.assertEqual(set(ours) - set(known), set())
            # What is not given is tied.
            self.assertEqual(sum(p.numel() for p in model.parameters()), sum(p.numel() for p in ours.values()))
            answer = ask(model=path, tokens=tokens, parameters=ours, decoder_tokens=inputs.get("decoder_input_ids"))
        self.assert_close(answer["y"], expected, tolerance, model_class.__name__)

    def required(self, config):
        """to_diff_dict leaves out what equals the default; sizes must be there."""
        return {key: value for key, value in config.to_dict().items() if isinstance(value, (int, str, bool)) or value is None}

    SMALL = dict(vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
                 max_position_embeddings=16)

    def test_bert(self):
        config = transformers.BertConfig(**self.SMALL)
        self.assert_logits(transformers.BertForMaskedLM, BERT_NAMES, config)
        self.assert_logits(transformers.BertModel, [(r"^", "bert."), *BERT_NAMES, (r"^bert\.pooler\.dense", "head.pooler")],
                           config, output="pooler_output")

    def test_roberta_counts_positions_over_tokens_that_are_no_padding(self):
        for name in ("Roberta", "XLMRoberta"):
            config = getattr(transformers, name + "Config")(**self.SMALL, type_vocab_size=1, layer_norm_eps=1e-5)
            self.assert_logits(getattr(transformers, name + "ForMaskedLM"), ROBERTA_NAMES, config)

    def test_electra(self):
        for embedding_size in (12, 8):
            config = transformers.ElectraConfig(**self.SMALL, embedding_size=embedding_size)
            for model_class in (transformers.ElectraForPreTraining, transformers.ElectraForMaskedLM):
                self.assert_logits(model_class, ELECTRA_NAMES, config)

    def test_albert(self):
        config = transformers.AlbertConfig(**self.SMALL, embedding_size=8)
        self.assert_logits(transformers.AlbertForMaskedLM, ALBERT_NAMES, config)

    def test_fnet(self):
        config = transformers.FNetConfig(vocab_size=19, hidden_size=12, num_hidden_layers=2, intermediate_size=20,
                                         max_position_embeddings=16)
        self.assert_logits(transformers.FNetForMaskedLM, FNET_NAMES, config)

    def test_longformer_with_its_first_token_global(self):
        config = transformers.LongformerConfig(**{**self.SMALL, "max_position_embeddings": 18}, attention_window=[4, 4],
                                               type_vocab_size=1, pad_token_id=1)
        tokens = torch.tensor([[5, 1, 7, 0, 3, 12, 5, 9], [2, 2, 9, 18, 4, 1, 6, 8]])
        first = torch.zeros_like(tokens)
        first[:, 0] = 1
        self.assert_logits(transformers.LongformerForMaskedLM, LONGFORMER_NAMES, config, tokens=tokens,
                           global_attention_mask=first)

    def test_big_bird_full_and_sparse(self):
        config = transformers.BigBirdConfig(**self.SMALL, block_size=2, num_random_blocks=1, hidden_dropout_prob=0.0,
                                            attention_probs_dropout_prob=0.0)
        self.assert_logits(transformers.BigBirdForMaskedLM, BIGBIRD_NAMES, config)
        tokens = (torch.arange(32).view(2, 16) * 7 + 3) % 19
        self.assert_logits(transformers.BigBirdForMaskedLM, BIGBIRD_NAMES, config, tokens=tokens, training=True)

    def test_mobilebert(self):
        sizes = dict(vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=2, intermediate_size=10,
                     max_position_embeddings=16, embedding_size=8, intra_bottleneck_size=6)
        for variant in (dict(num_feedforward_networks=3), dict(num_feedforward_networks=1),
                        dict(num_feedforward_networks=2, use_bottleneck_attention=True, key_query_shared_bottleneck=False)):
            last = str(variant["num_feedforward_networks"] - 1)
            names = [*MOBILEBERT_NAMES, ("LAST", last)]
            self.assert_logits(transformers.MobileBertForMaskedLM, names, transformers.MobileBertConfig(**sizes, **variant))

    def test_canine_in_chunks_that_end_anywhere(self):
        tokens = torch.tensor([[5, 97, 7, 0, 1113, 12, 5, 9, 65000, 4, 3, 8, 11, 6], [2, 2, 9, 18, 4, 1, 6, 8, 7, 7, 3, 1, 0, 5]])
        for stride, length in ((5, 14), (4, 12), (128, 9)):
            config = transformers.CanineConfig(hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
                                               intermediate_size=20, max_position_embeddings=16, num_hash_buckets=16,
                                               num_hash_functions=2, local_transformer_stride=stride,
                                               upsampling_kernel_size=3)
            for model_class, output in ((transformers.CanineForTokenClassification, "logits"),
                                        (transformers.CanineForSequenceClassification, "logits")):
                self.assert_logits(model_class, CANINE_NAMES, config, tokens=tokens[:, :length], output=output)

    SOURCE_AND_TARGET = dict(tokens=torch.tensor([[5, 1, 7, 0, 3, 12, 5], [2, 2, 9, 18, 4, 1, 6]]),
                             decoder_input_ids=torch.tensor([[0, 1, 9, 3, 4], [0, 17, 2, 2, 8]]))

    def test_t5(self):
        sizes = dict(vocab_size=19, d_model=12, d_kv=5, d_ff=20, num_layers=3, num_decoder_layers=2, num_heads=2,
                     relative_attention_num_buckets=8, relative_attention_max_distance=8)
        for variant in (dict(), dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False)):
            self.assert_logits(transformers.T5ForConditionalGeneration, T5_NAMES, transformers.T5Config(**sizes, **variant),
                               **self.SOURCE_AND_TARGET)

    def test_bart(self):
        config = transformers.BartConfig(vocab_size=19, d_model=12, encoder_layers=3, decoder_layers=2, encoder_ffn_dim=20,
                                         decoder_ffn_dim=20, encoder_attention_heads=3, decoder_attention_heads=3,
                                         max_position_embeddings=16)
        self.assert_logits(transformers.BartForConditionalGeneration, BART_NAMES, config, **self.SOURCE_AND_TARGET)

    def test_distilbert(self):
        config = transformers.DistilBertConfig(vocab_size=19, dim=12, n_layers=2, n_heads=3, hidden_dim=20,
                                               max_position_embeddings=16)
        self.assert_logits(transformers.DistilBertForMaskedLM, DISTILBERT_NAMES, config)

    def test_gpt2(self):
        config = transformers.GPT2Config(vocab_size=19, n_embd=12, n_layer=2, n_head=3, n_positions=16)
        self.assert_logits(transformers.GPT2LMHeadModel, GPT2_NAMES, config, convert=gpt2_parameters)

    OPT = dict(vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, ffn_dim=20,
               max_position_embeddings=16)

    def test_opt(self):
        for variant in (dict(), dict(word_embed_proj_dim=8, do_layer_norm_before=False), dict(enable_bias=False)):
            self.assert_logits(transformers.OPTForCausalLM, OPT_NAMES, transformers.OPTConfig(**self.OPT, **variant))

    ROPE = {**SMALL, "hidden_size": 16, "num_attention_heads": 4}

    def test_llama(self):
        long = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 12}
        for variant in (dict(), dict(num_key_value_heads=2, rope_theta=500000.0), dict(rope_scaling=long, rope_theta=50.0),
                        dict(attention_bias=True, mlp_bias=True, tie_word_embeddings=True, head_dim=6)):
            self.assert_logits(transformers.LlamaForCausalLM, LLAMA_NAMES, transformers.LlamaConfig(**self.ROPE, **variant))

    def test_mistral_up_to_its_window(self):
        config = transformers.MistralConfig(**self.ROPE, num_key_value_heads=2, sliding_window=7)
        self.assert_logits(transformers.MistralForCausalLM, LLAMA_NAMES, config)
        with self.assertRaisesRegex(AssertionError, "window of 7"):
            self.assert_logits(transformers.MistralForCausalLM, LLAMA_NAMES, config, tokens=torch.arange(8)[None])


def encoder(layers, width, heads, ffn, **more):
    return dict(num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads, intermediate_size=ffn, **more)


def llama(layers, width, heads, ffn, **more):
    return encoder(layers, width, heads, ffn, vocab_size=32000, **more)


def opt(layers, width, heads, **more):
    return dict(num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads, ffn_dim=4 * width, **more)


def gpt2(layers, width, heads, **more):
    return dict(n_layer=layers, n_embd=width, n_head=heads, **more)


def t5(encoder_layers, decoder_layers, width, heads, head_size, ffn, **more):
    return dict(num_layers=encoder_layers, num_decoder_layers=decoder_layers, d_model=width, num_heads=heads, d_kv=head_size,
                d_ff=ffn, **more)


def bart(layers, width, heads):
    return dict(encoder_layers=layers, decoder_layers=layers, d_model=width, encoder_attention_heads=heads,
                decoder_attention_heads=heads, encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width)


ALBERT = dict(vocab_size=30000, embedding_size=128)
T5_V11 = dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False)
BYT5 = dict(**T5_V11, vocab_size=384)
ROBERTA = dict(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1)
LONGFORMER = dict(vocab_size=50265, max_position_embeddings=4098, type_vocab_size=1)
LLAMA3 = dict(vocab_size=128256, num_key_value_heads=8)
GPT3 = dict(n_positions=2048)

# Preset -> class of transformers and the sizes of its published config.json (or paper).
SIZES = {
    "bert-base": ("BertForMaskedLM", encoder(12, 768, 12, 3072)),
    "bert-large": ("BertForMaskedLM", encoder(24, 1024, 16, 4096)),
    "bert-base-cased": ("BertForMaskedLM", encoder(12, 768, 12, 3072, vocab_size=28996)),
    "bert-large-cased": ("BertForMaskedLM", encoder(24, 1024, 16, 4096, vocab_size=28996)),
    "bert-tiny": ("BertForMaskedLM", encoder(2, 128, 2, 512)),
    "bert-mini": ("BertForMaskedLM", encoder(4, 256, 4, 1024)),
    "bert-small": ("BertForMaskedLM", encoder(4, 512, 8, 2048)),
    "bert-medium": ("BertForMaskedLM", encoder(8, 512, 8, 2048)),
    "tinybert-4": ("BertForMaskedLM", encoder(4, 312, 12, 1200)),
    "tinybert-6": ("BertForMaskedLM", encoder(6, 768, 12, 3072)),
    "distilbert": ("DistilBertForMaskedLM", dict()),
    "distilbert-cased": ("DistilBertForMaskedLM", dict(vocab_size=28996)),
    "roberta-base": ("RobertaForMaskedLM", encoder(12, 768, 12, 3072, **ROBERTA)),
    "roberta-large": ("RobertaForMaskedLM", encoder(24, 1024, 16, 4096, **ROBERTA)),
    "distilroberta": ("RobertaForMaskedLM", encoder(6, 768, 12, 3072, **ROBERTA)),
    "xlm-roberta-base": ("XLMRobertaForMaskedLM", encoder(12, 768, 12, 3072, **{**ROBERTA, "vocab_size": 250002})),
    "xlm-roberta-large": ("XLMRobertaForMaskedLM", encoder(24, 1024, 16, 4096, **{**ROBERTA, "vocab_size": 250002})),
    "electra-small": ("ElectraForPreTraining", encoder(12, 256, 4, 1024, embedding_size=128)),
    "electra-base": ("ElectraForPreTraining", encoder(12, 768, 12, 3072, embedding_size=768)),
    "electra-large": ("ElectraForPreTraining", encoder(24, 1024, 16, 4096, embedding_size=1024)),
    "electra-small-generator": ("ElectraForMaskedLM", encoder(12, 256, 4, 1024, embedding_size=128)),
    "electra-base-generator": ("ElectraForMaskedLM", encoder(12, 256, 4, 1024, embedding_size=768)),
    "electra-large-generator": ("ElectraForMaskedLM", encoder(24, 256, 4, 1024, embedding_size=1024)),
    "albert-base": ("AlbertForMaskedLM", encoder(12, 768, 12, 3072, **ALBERT)),
    "albert-large": ("AlbertForMaskedLM", encoder(24, 1024, 16, 4096, **ALBERT)),
    "albert-xlarge": ("AlbertForMaskedLM", encoder(24, 2048, 16, 8192, **ALBERT)),
    "albert-xxlarge": ("AlbertForMaskedLM", encoder(12, 4096, 64, 16384, **ALBERT)),
    "fnet-base": ("FNetForMaskedLM", dict()),
    "fnet-large": ("FNetForMaskedLM", dict(hidden_size=1024, num_hidden_layers=24, intermediate_size=4096)),
    "longformer-base": ("LongformerForMaskedLM", encoder(12, 768, 12, 3072, **LONGFORMER)),
    "longformer-large": ("LongformerForMaskedLM", encoder(24, 1024, 16, 4096, **LONGFORMER)),
    "bigbird-base": ("BigBirdForMaskedLM", dict()),
    "bigbird-large": ("BigBirdForMaskedLM", encoder(24, 1024, 16, 4096)),
    "mobilebert": ("MobileBertForMaskedLM", dict()),
    "canine-s": ("CanineForTokenClassification", dict()),
    "canine-c": ("CanineForTokenClassification", dict()),
    "hashformer-emb": ("RobertaForMaskedLM", encoder(12, 768, 12, 3072, **ROBERTA)),
    "bart-base": ("BartForConditionalGeneration", bart(6, 768, 12)),
    "bart-large": ("BartForConditionalGeneration", bart(12, 1024, 16)),
    "t5-small": ("T5ForConditionalGeneration", t5(6, 6, 512, 8, 64, 2048)),
    "t5-base": ("T5ForConditionalGeneration", t5(12, 12, 768, 12, 64, 3072)),
    "t5-large": ("T5ForConditionalGeneration", t5(24, 24, 1024, 16, 64, 4096)),
    "t5-3b": ("T5ForConditionalGeneration", t5(24, 24, 1024, 32, 128, 16384)),
    "t5-11b": ("T5ForConditionalGeneration", t5(24, 24, 1024, 128, 128, 65536)),
    "t5-v1.1-small": ("T5ForConditionalGeneration", t5(8, 8, 512, 6, 64, 1024, **T5_V11)),
    "t5-v1.1-base": ("T5ForConditionalGeneration", t5(12, 12, 768, 12, 64, 2048, **T5_V11)),
    "t5-v1.1-large": ("T5ForConditionalGeneration", t5(24, 24, 1024, 16, 64, 2816, **T5_V11)),
    "t5-v1.1-xl": ("T5ForConditionalGeneration", t5(24, 24, 2048, 32, 64, 5120, **T5_V11)),
    "t5-v1.1-xxl": ("T5ForConditionalGeneration", t5(24, 24, 4096, 64, 64, 10240, **T5_V11)),
    "byt5-small": ("T5ForConditionalGeneration", t5(12, 4, 1472, 6, 64, 3584, **BYT5)),
    "byt5-base": ("T5ForConditionalGeneration", t5(18, 6, 1536, 12, 64, 3968, **BYT5)),
    "byt5-large": ("T5ForConditionalGeneration", t5(36, 12, 1536, 16, 64, 3840, **BYT5)),
    "byt5-xl": ("T5ForConditionalGeneration", t5(36, 12, 2560, 32, 64, 6720, **BYT5)),
    "byt5-xxl": ("T5ForConditionalGeneration", t5(36, 12, 4672, 64, 64, 12352, **BYT5)),
    "gpt2": ("GPT2LMHeadModel", gpt2(12, 768, 12)),
    "gpt2-medium": ("GPT2LMHeadModel", gpt2(24, 1024, 16)),
    "gpt2-large": ("GPT2LMHeadModel", gpt2(36, 1280, 20)),
    "gpt2-xl": ("GPT2LMHeadModel", gpt2(48, 1600, 25)),
    "distilgpt2": ("GPT2LMHeadModel", gpt2(6, 768, 12)),
    "gpt3-125m": ("GPT2LMHeadModel", gpt2(12, 768, 12, **GPT3)),
    "gpt3-350m": ("GPT2LMHeadModel", gpt2(24, 1024, 16, **GPT3)),
    "gpt3-760m": ("GPT2LMHeadModel", gpt2(24, 1536, 16, **GPT3)),
    "gpt3-1.3b": ("GPT2LMHeadModel", gpt2(24, 2048, 16, **GPT3)),
    "gpt3-2.7b": ("GPT2LMHeadModel", gpt2(32, 2560, 32, **GPT3)),
    "gpt3-6.7b": ("GPT2LMHeadModel", gpt2(32, 4096, 32, **GPT3)),
    "gpt3-13b": ("GPT2LMHeadModel", gpt2(40, 5120, 40, **GPT3)),
    "gpt3-175b": ("GPT2LMHeadModel", gpt2(96, 12288, 96, **GPT3)),
    "mt-nlg-530b": ("GPT2LMHeadModel", gpt2(105, 20480, 128, **GPT3)),
    "opt-125m": ("OPTForCausalLM", opt(12, 768, 12)),
    "opt-350m": ("OPTForCausalLM", opt(24, 1024, 16, word_embed_proj_dim=512, do_layer_norm_before=False)),
    "opt-1.3b": ("OPTForCausalLM", opt(24, 2048, 32)),
    "opt-2.7b": ("OPTForCausalLM", opt(32, 2560, 32)),
    "opt-6.7b": ("OPTForCausalLM", opt(32, 4096, 32)),
    "opt-13b": ("OPTForCausalLM", opt(40, 5120, 40)),
    "opt-30b": ("OPTForCausalLM", opt(48, 7168, 56)),
    "opt-66b": ("OPTForCausalLM", opt(64, 9216, 72)),
    "opt-175b": ("OPTForCausalLM", opt(96, 12288, 96)),
    "llama-7b": ("LlamaForCausalLM", llama(32, 4096, 32, 11008)),
    "llama-13b": ("LlamaForCausalLM", llama(40, 5120, 40, 13824)),
    "llama-33b": ("LlamaForCausalLM", llama(60, 6656, 52, 17920)),
    "llama-65b": ("LlamaForCausalLM", llama(80, 8192, 64, 22016)),
    "llama2-7b": ("LlamaForCausalLM", llama(32, 4096, 32, 11008)),
    "llama2-13b": ("LlamaForCausalLM", llama(40, 5120, 40, 13824)),
    "llama2-70b": ("LlamaForCausalLM", llama(80, 8192, 64, 28672, num_key_value_heads=8)),
    "llama3-8b": ("LlamaForCausalLM", encoder(32, 4096, 32, 14336, **LLAMA3)),
    "llama3-70b": ("LlamaForCausalLM", encoder(80, 8192, 64, 28672, **LLAMA3)),
    "llama3.1-8b": ("LlamaForCausalLM", encoder(32, 4096, 32, 14336, **LLAMA3)),
    "llama3.1-70b": ("LlamaForCausalLM", encoder(80, 8192, 64, 28672, **LLAMA3)),
    "llama3.1-405b": ("LlamaForCausalLM", encoder(126, 16384, 128, 53248, **LLAMA3)),
    "mistral-7b": ("MistralForCausalLM", encoder(32, 4096, 32, 14336)),
}


# Of these transformers has no class; tests/models/catalog_test.cpp holds them to the published counts.
WITHOUT_CLASS = {"transformer-base", "palm-8b", "palm-62b", "palm-540b", "edgebert", "hashformer-pool", "hashformer-add",
                 "hashformer-proj"}


class Presets(Reference):
    def test_every_preset_has_the_parameters_of_its_class(self):
        ours = ask(presets=True)["presets"]
        self.assertEqual(set(ours), set(SIZES) | WITHOUT_CLASS)
        for preset, (class_name, sizes) in SIZES.items():
            model_class = getattr(transformers, class_name)
            with torch.device("meta"), no_init_weights():
                model = model_class(model_class.config_class(**sizes))
            model.tie_weights()
            self.assertEqual(ours[preset], sum(p.numel() for p in model.parameters()), preset)


if __name__ == "__main__":
    unittest.main()
