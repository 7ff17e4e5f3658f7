"""The fixed matrix of runs: every pair of values of two factors occurs in at least one run.

A pair that cannot be (flash attention in fp32) is left out. The same list every time: nothing here is random.
"""
import itertools

MODELS = {  # name -> (model, batch, seq)
    "bert-base": ("bert-base", 8, 128),
    "gpt2": ("gpt2", 2, 256),
    "transformer-base": ("transformer-base", 4, 64),
    "tinyllama-1.1b": ("examples/tinyllama-1.1b/config.json", 1, 256),
}
FACTORS = {
    "model": list(MODELS),
    "attention": ["mha", "mqa", "gqa", "sha", "skv", "mhe-add", "mhe-mul"],
    "dtype": ["fp32", "fp16", "bf16", "amp-fp16", "amp-bf16"],
    "sdpa": ["eager", "math", "flash", "efficient"],
    "optimizer": [("none", "foreach"), ("sgd", "foreach"), ("adam", "foreach"), ("adamw", "foreach"), ("adamw", "fused"),
                  ("adamw", "for-loop")],
}
STEPS = 3

TINY = {
    "bert-base": {"model_type": "bert", "vocab_size": 211, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                  "intermediate_size": 96, "max_position_embeddings": 64, "type_vocab_size": 2, "hidden_act": "gelu"},
    "gpt2": {"model_type": "gpt2", "vocab_size": 211, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 64},
}


def possible(run):
    return not (run.get("sdpa") == "flash" and run.get("dtype") == "fp32")


def pairs(run):
    return {frozenset(pair) for pair in itertools.combinations(run.items(), 2)}


def wanted_pairs(factors):
    for (one, ones), (other, others) in itertools.combinations(factors.items(), 2):
        for a, b in itertools.product(ones, others):
            if possible({one: a, other: b}):
                yield frozenset({(one, a), (other, b)})


def extended(partial, name, values, missing):
    """`partial` with the value of `name` that covers most of what is missing; the first of equals."""
    candidates = [{**partial, name: value} for value in values if possible({**partial, name: value})]
    return max(candidates, key=lambda run: len(pairs(run) & missing))


def covering_runs(factors=None):
    factors = factors or FACTORS
    missing = dict.fromkeys(wanted_pairs(factors))
    runs = []
    while missing:
        run = dict(next(iter(missing)))
        for name, values in factors.items():
            if name not in run:
                run = extended(run, name, values, missing.keys())
        runs.append({name: run[name] for name in factors})
        for pair in pairs(run):
            missing.pop(pair, None)
    return runs


def spec_of(run, device, model=None):
    path, batch, seq = model or MODELS[run["model"]]
    optimizer, implementation = run["optimizer"]
    return {"model": path, "attention": run["attention"], "batch": batch, "seq": seq, "mode": "train", "dtype": run["dtype"],
            "optimizer": optimizer, "optimizer_implementation": implementation, "sdpa": run["sdpa"], "steps": STEPS,
            "device": device, "seed": 0}


def label(run):
    optimizer, implementation = run["optimizer"]
    return " ".join([run["model"], run["attention"], run["dtype"], run["sdpa"],
                     optimizer if optimizer in ("none", "sgd") else f"{optimizer}/{implementation}"])


def quick_runs():
    """A handful of small models, for a look and for tests."""
    return covering_runs({"model": list(TINY), "attention": ["mha", "mhe-mul"], "dtype": ["fp32", "amp-bf16"],
                          "sdpa": ["eager", "efficient"], "optimizer": [("sgd", "foreach"), ("adamw", "fused")]})
