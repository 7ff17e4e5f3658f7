"""Hugging Face models in half precision, with the model's own attention and with PyTorch's fused one, over a sweep of shapes.

Each result is the peak of allocated memory over the steps after a warm-up, in the order of the published sweep: what one shape leaves
behind is there for the next. Training is forward, the sum of the logits as loss, and backward, without an optimizer.
"""
import gc
import tempfile

import torch
import transformers

STEPS = 3  # published sweeps run 10 to warm up and 50 or more; nothing changes after the second

MODELS = {
    "bert": ("BertLMHeadModel", "BertModel", transformers.BertConfig, {}),
    "albert classifier": ("AlbertForSequenceClassification", "AlbertModel", transformers.AlbertConfig,
                          dict(hidden_size=768, num_attention_heads=12, intermediate_size=3072, embedding_size=128)),
    "distilbert": ("DistilBertForMaskedLM", "DistilBertModel", transformers.DistilBertConfig, {}),
    "albert": ("AlbertForMaskedLM", "AlbertModel", transformers.AlbertConfig,
               dict(hidden_size=768, num_attention_heads=12, intermediate_size=3072, embedding_size=128)),
    "opt-350m": ("OPTForCausalLM", "OPTModel", transformers.OPTConfig,
                 dict(hidden_size=1024, num_hidden_layers=24, ffn_dim=4096, num_attention_heads=16, word_embed_proj_dim=512,
                      do_layer_norm_before=False)),
    "pythia-410m": ("GPTNeoXForCausalLM", "GPTNeoXModel", transformers.GPTNeoXConfig,
                    dict(hidden_size=1024, num_hidden_layers=24, intermediate_size=4096, num_attention_heads=16,
                         vocab_size=50304, rotary_pct=0.25, max_position_embeddings=2048)),
    "gpt2-large": ("GPT2LMHeadModel", "GPT2Model", transformers.GPT2Config, dict(n_embd=1280, n_layer=36, n_head=20)),
    "biogpt": ("BioGptForCausalLM", "BioGptModel", transformers.BioGptConfig, {}),
}


# The checkpoint holds more than the program's model takes.
PUBLISHED_AS = {"bert": "BertForPreTraining"}


def build(model, checkpoint, attention, head=True):
    """As the program loads it: a checkpoint, its tensors read in the order and to the place that its format says, then half
    precision. What loading leaves behind shapes the free blocks of all that follows.

    checkpoint: "safetensors" in full precision, "half safetensors" or "half pickle": how the model was published.
    """
    with_head, without_head, config_class, values = MODELS[model]
    network = getattr(transformers, PUBLISHED_AS.get(model, with_head))(config_class(**values))
    with tempfile.TemporaryDirectory() as folder:
        network = network.half() if checkpoint.startswith("half") else network
        network.save_pretrained(folder, safe_serialization="pickle" not in checkpoint)
        architecture = getattr(transformers, with_head if head else without_head)
        with torch.device("cuda"):
            return architecture.from_pretrained(folder, torch_dtype=torch.float16, attn_implementation=attention).to("cuda")


def state_that_masks_are_ones():
    """Models ask the device whether a mask is all ones, to leave it away; it is here, but a virtual device cannot know."""
    ask = torch.all
    torch.all = lambda *arguments, **options: (ask(*arguments, **options), torch.tensor(True))[1]


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


def peak_of_inference(model, tokens, mask):
    with torch.inference_mode():
        model(tokens, mask)
        torch.cuda.reset_peak_memory_stats()
        for _ in range(STEPS):
            kept = model(tokens, mask)  # while the next one runs
    return torch.cuda.max_memory_allocated()


def training(model, checkpoint, batches, lengths, attentions=("sdpa", "eager"), mask=False):
    """{"sdpa 2x256": bytes or "out of memory", …}: the whole sweep with the first attention, then with the other."""
    state_that_masks_are_ones()
    peaks = {}
    for attention in attentions:
        network = build(model, checkpoint, attention)
        for batch in batches:
            for length in lengths:
                inputs = {"input_ids": torch.randint(network.config.vocab_size - 1, (batch, length)).cuda()}
                if mask:
                    inputs["attention_mask"] = torch.ones(batch, length, dtype=torch.int64).cuda()
                try:
                    peaks[f"{attention} {batch}x{length}"] = peak_of_training(network, inputs)
                except torch.cuda.OutOfMemoryError:
                    peaks[f"{attention} {batch}x{length}"] = "out of memory"
        del network
        gc.collect()
    return peaks


def inference(model, checkpoint, batches, lengths, attentions=("eager", "sdpa"), head=False):
    """The same without gradients, of the model without its head, or with it, under a mask that hides one token."""
    peaks = {}
    for attention in attentions:
        network = build(model, checkpoint, attention, head).to(torch.float16)
        for batch in batches:
            for length in lengths:
                mask = torch.ones(batch, length)
                mask[0, 0] = 0
                tokens, mask = torch.randint(5, (batch, length)).cuda(), mask.cuda()
                peaks[f"{attention} {batch}x{length}"] = peak_of_inference(network, tokens, mask)
        del network
        gc.collect()
    return peaks
