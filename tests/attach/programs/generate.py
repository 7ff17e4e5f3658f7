"""Generates text with a small GPT-2, in the way asked for; prints the shape of what came out."""
import sys

import torch

if not torch.__version__.startswith("2.11."):
    sys.modules["torchvision"] = None  # the environment's is made for 2.11, and transformers would import it
from transformers import GPT2Config, GPT2LMHeadModel

model = GPT2LMHeadModel(GPT2Config(n_layer=2, n_head=2, n_embd=64, vocab_size=1000)).cuda().eval()
model.generation_config.pad_token_id = 0
prompt = torch.ones(2, 8, dtype=torch.long, device="cuda")
how = {"greedy": {"max_new_tokens": 8}, "sampled": {"max_length": 12, "do_sample": True}}
print(*(list(model.generate(prompt, **how[name]).shape) for name in sys.argv[1].split(",")))
