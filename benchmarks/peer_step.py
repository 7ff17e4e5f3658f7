#!/usr/bin/env python3
"""One training step of a Hugging Face model, observed by another tool; prints one JSON line.

    peer_step.py TOOL MODEL BATCH SEQ DTYPE OPTIMIZER

TOOL virtual-gpu: unchanged PyTorch on the device `cuda`, read from torch.cuda's own statistics.
TOOL memtracker:  torch.distributed._tools.mem_tracker.MemTracker under FakeTensorMode (no device, no allocator).
"""
import json
import resource
import sys
import time
import warnings

START = time.time()
warnings.filterwarnings("ignore")
import torch
import transformers


# It looks at the ids to warn about padding, and ids that were never computed cannot be looked at.
transformers.PreTrainedModel.warn_if_padding_and_no_attention_mask = lambda *_: None


def make(model, dtype, device):
    configs = {
        "bert-base": (transformers.BertConfig(), transformers.BertForMaskedLM),
        "gpt2": (transformers.GPT2Config(), transformers.GPT2LMHeadModel),
        "llama-7b": (transformers.LlamaConfig(), transformers.LlamaForCausalLM),
    }
    config, kind = configs[model]
    config._attn_implementation, config.use_cache = "eager", False
    torch.set_default_dtype(dtype)
    with torch.device(device):
        made = kind(config)
    torch.set_default_dtype(torch.float32)
    return made.train()


def steps(model, ids, labels, optimizer, each):
    for _ in range(2):
        if optimizer:
            optimizer.zero_grad()
        else:
            model.zero_grad()
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        if optimizer:
            optimizer.step()
        each()


def ids_of(batch, seq, device):
    return torch.zeros(batch, seq, dtype=torch.long, device=device)


def virtual_gpu(model_name, batch, seq, dtype, optimizer_name):
    model = make(model_name, dtype, "cuda")
    optimizer = torch.optim.AdamW(model.parameters()) if optimizer_name == "adamw" else None
    seen = []

    def note():
        stats = torch.cuda.memory_stats()
        seen.append({"allocated_bytes": stats["allocated_bytes.all.peak"], "requested_bytes": stats["requested_bytes.all.peak"],
                     "reserved_bytes": stats["reserved_bytes.all.peak"]})
        torch.cuda.reset_peak_memory_stats()

    steps(model, ids_of(batch, seq, "cuda"), ids_of(batch, seq, "cuda"), optimizer, note)
    return seen[-1]


def memtracker(model_name, batch, seq, dtype, optimizer_name):
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.distributed._tools.mem_tracker import MemTracker
    with FakeTensorMode(allow_non_fake_inputs=True):
        model = make(model_name, dtype, "cpu")
        optimizer = torch.optim.AdamW(model.parameters()) if optimizer_name == "adamw" else None
        tracker = MemTracker()
        tracker.track_external(*([model] + ([optimizer] if optimizer else [])))
        with tracker:
            steps(model, ids_of(batch, seq, "cpu"), ids_of(batch, seq, "cpu"), optimizer,
                  tracker.reset_mod_stats)
        peak = tracker.get_tracker_snapshot("peak")
    return {"allocated_bytes": sum(kinds["Total"] for kinds in peak.values())}


def main():
    tool, model, batch, seq, dtype, optimizer = sys.argv[1:]
    dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16}
    imported = time.time()
    peak = {"virtual-gpu": virtual_gpu, "memtracker": memtracker}[tool](model, int(batch), int(seq), dtypes[dtype], optimizer)
    print(json.dumps(peak | {"import_s": imported - START, "work_s": time.time() - imported,
                             "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
