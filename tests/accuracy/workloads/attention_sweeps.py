"""Hugging Face models in half precision, with the model's own attention and with PyTorch's fused one, over a sweep of shapes.

Training: forward, sum of the logits as loss, backward, no optimizer. Each result is the peak of allocated memory over the
steps after a warm-up, in the order of the sweep: what a shape leaves behind is there for the next.
"""
import gc
import tempfile

import torch
import transformers

STEPS = 3  # published sweeps run 10 to warm up and 100 or more; nothing changes after the second

CONFIGS = {
    "bert": ("BertLMHeadModel", transformers.BertConfig, dict(is_decoder=False)),
    "distilbert": ("DistilBertForMaskedLM", transformers.DistilBertConfig, {}),
    "albert": ("AlbertForMaskedLM", transformers.AlbertConfig,
               dict(hidden_size=768, num_attention_heads=12, intermediate_size=3072, embedding_size=128)),
    "opt-350m": ("OPTForCausalLM", transformers.OPTConfig,
                 dict(hidden_size=1024, num_hidden_layers=24, ffn_dim=4096, num_attention_heads=16, word_embed_proj_dim=512,
                      do_layer_norm_before=False)),
    "pythia-410m": ("GPTNeoXForCausalLM", transformers.GPTNeoXConfig,
                    dict(hidden_size=1024, num_hidden_layers=24, intermediate_size=4096, num_attention_heads=16,
                         vocab_size=50304, rotary_pct=0.25, max_position_embeddings=2048)),
    "gpt2-large": ("GPT2LMHeadModel", transformers.GPT2Config, dict(n_embd=1280, n_layer=36, n_head=20)),
    "biogpt": ("BioGptForCausalLM", transformers.BioGptConfig, {}),
}


def build(model, attention):
    """As loaded in half precision from a checkpoint in full precision: what loading leaves behind shapes the free blocks."""
    architecture, config_class, values = CONFIGS[model]
    architecture = getattr(transformers, architecture)
    with tempfile.TemporaryDirectory() as folder:
        architecture(config_class(**values)).save_pretrained(folder)
        with torch.device("cuda"):
            return architecture.from_pretrained(folder, torch_dtype=torch.float16, attn_implementation=attention).to("cuda")


def train(model, inputs, steps):
    for _ in range(steps):
        model.zero_grad()
        outputs = model(**inputs)
        loss = outputs.logits.sum()
        loss.backward()


def peak_of_training(model, inputs):
    model.train()
    train(model, inputs, STEPS)
    torch.cuda.reset_peak_memory_stats()
    torch.cuda.empty_cache()
    train(model, inputs, STEPS)
    return torch.cuda.max_memory_allocated()


def training(model, batches, lengths, mask=False):
    """{"sdpa 2x256": bytes, …}: first the whole sweep with fused attention, then with the model's own."""
    peaks = {}
    for attention in "sdpa", "eager":
        network = build(model, attention)
        for batch in batches:
            for length in lengths:
                inputs = {"input_ids": torch.randint(network.config.vocab_size - 1, (batch, length)).cuda()}
                if mask:
                    inputs["attention_mask"] = torch.ones(batch, length, dtype=torch.int64).cuda()
                peaks[f"{attention} {batch}x{length}"] = peak_of_training(network, inputs)
        del network
        gc.collect()
    return peaks
