#!/usr/bin/env python3
"""Headroom's steps beside unchanged Hugging Face transformers over the same virtual GPU, to the byte.

    HEADROOM_VIRTUAL_GPU=h100-80gb LD_PRELOAD=…/headroom-virtual-gpu.so \\
        python compare_with_transformers.py HEADROOM [--only TEXT]

HEADROOM: build/release/bin/headroom. The interpreter needs torch 2.11.0 and transformers 4.57.6; the device is
HEADROOM_VIRTUAL_GPU's. Each case runs in a fresh child of this process, so that the allocator starts empty. Printed are
the peaks of the first and the steady step in transformers and, after the sign, what Headroom has more (+) or less (-):
requested bytes, then allocated bytes. A case may end in how it trains: momentum=0.9, checkpoint, accumulate=N, clip=NORM,
padding (sequences of different lengths). --only keeps the cases whose name has TEXT.
"""
import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import torch
import transformers
from transformers.optimization import Adafactor

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
CLASSES = {"bert": "BertForMaskedLM", "gpt2": "GPT2LMHeadModel", "llama": "LlamaForCausalLM", "opt": "OPTForCausalLM",
           "t5": "T5ForConditionalGeneration", "bart": "BartForConditionalGeneration", "roberta": "RobertaForMaskedLM",
           "electra": "ElectraForPreTraining", "albert": "AlbertForMaskedLM", "distilbert": "DistilBertForMaskedLM",
           "mistral": "MistralForCausalLM"}
CAUSAL = {"gpt2", "llama", "opt", "mistral"}
GATED_T5 = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
# Models of no file: transformers' class and what differs from its defaults. Headroom takes its preset of that name, or
# else the file that transformers writes.
CONFIGS = {
    "llama-7b": ("LlamaConfig", {}),
    "opt-125m": ("OPTConfig", {}),
    "opt-350m": ("OPTConfig", {"hidden_size": 1024, "word_embed_proj_dim": 512, "num_hidden_layers": 24, "ffn_dim": 4096,
                               "num_attention_heads": 16, "do_layer_norm_before": False}),
    "t5-small": ("T5Config", {}),
    "t5-v1.1-small": ("T5Config", {"d_ff": 1024, "num_layers": 8, "num_heads": 6, **GATED_T5}),
    "byt5-small": ("T5Config", {"vocab_size": 384, "d_model": 1472, "d_ff": 3584, "num_layers": 12, "num_decoder_layers": 4,
                                "num_heads": 6, **GATED_T5}),
    "bart-base": ("BartConfig", {"d_model": 768, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 12,
                                 "decoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072,
                                 "attention_dropout": 0.1, "activation_dropout": 0.1}),
    "roberta-base": ("RobertaConfig", {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1,
                                       "layer_norm_eps": 1e-5}),
    "electra-small": ("ElectraConfig", {}),
    "electra-small-generator": ("ElectraConfig", {"architectures": ["ElectraForMaskedLM"]}),
    "albert-base": ("AlbertConfig", {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}),
    "distilbert": ("DistilBertConfig", {}),
    "mistral-4-layers": ("MistralConfig", {"num_hidden_layers": 4}),
    "llama-3.1-4-layers": ("LlamaConfig", {"num_hidden_layers": 4, "num_key_value_heads": 8, "rope_theta": 500000.0,
                                           "max_position_embeddings": 131072, "rope_scaling": {
                                               "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                               "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}}),
}
FILES = {"mistral-4-layers", "llama-3.1-4-layers"}  # models that Headroom has no preset of


def cases():
    bert, gpt2, llama = "bert-base-uncased 8 128", "gpt2 2 1024", "tinyllama-1.1b 1 1024"
    for dtype in ("fp32", "bf16", "amp-bf16"):
        for model in (bert, gpt2, llama):
            for sdpa in ("eager", "math", "efficient") + (("flash",) if dtype != "fp32" else ()):
                yield f"{model} {dtype} {sdpa} none foreach"
    for dtype in ("fp32", "bf16"):
        for model in (bert, gpt2, llama):
            for optimizer in ("sgd foreach", "adamw foreach", "adamw fused", "adamw for-loop"):
                yield f"{model} {dtype} eager {optimizer}"
    for model in (bert, gpt2, llama):
        for dtype, sdpa, optimizer in (("fp32", "eager", "sgd foreach momentum=0.9"), ("fp32", "eager", "sgd fused momentum=0.9"),
                                       ("fp32", "eager", "adafactor foreach"), ("bf16", "eager", "adafactor foreach"),
                                       ("fp32", "eager", "none foreach checkpoint"), ("bf16", "flash", "none foreach checkpoint"),
                                       ("amp-bf16", "eager", "none foreach checkpoint"),
                                       ("fp32", "eager", "adamw foreach accumulate=2"),
                                       ("fp32", "eager", "sgd foreach clip=1.0"), ("amp-fp16", "eager", "adamw foreach"),
                                       ("amp-fp16", "eager", "adamw fused clip=1.0"),
                                       ("bf16", "eager", "adamw fused checkpoint accumulate=2 clip=1.0")):
            yield f"{model} {dtype} {sdpa} {optimizer}"
    for sdpa, optimizer in (("eager", "none"), ("eager", "adamw"), ("flash", "adamw")):
        yield f"llama-7b 1 2048 bf16 {sdpa} {optimizer} foreach"
    yield from cases_of_presets()


def cases_of_presets():
    for model in list(CONFIGS)[1:]:
        work = f"{model} 1 1024" if model in FILES else f"{model} 4 128"
        for rest in ("fp32 eager none foreach", "bf16 eager none foreach", "amp-bf16 eager none foreach",
                     "fp32 math none foreach", "fp32 eager adamw foreach"):
            if "math" not in rest or CONFIGS[model][0] != "T5Config":  # transformers has none of T5
                yield f"{work} {rest}"
        if model in ("opt-125m", "t5-small", "roberta-base"):
            for rest in ("sgd foreach momentum=0.9", "adafactor foreach", "none foreach checkpoint"):
                yield f"{work} fp32 eager {rest}"
    for model in ("bert-base-uncased 8 128", "gpt2 2 1024", "tinyllama-1.1b 1 1024", "roberta-base 4 128",
                  "opt-125m 4 128", "bart-base 4 128", "t5-small 4 128", "distilbert 4 128"):
        for rest in ("fp32 eager none foreach padding", "bf16 eager none foreach padding", "fp32 math none foreach padding"):
            if "math" not in rest or not model.startswith("t5"):
                yield f"{model} {rest}"


def config_of(name):
    if name not in CONFIGS:
        return transformers.AutoConfig.from_pretrained(EXAMPLES / name)
    kind, values = CONFIGS[name]
    return getattr(transformers, kind)(**values)


def build(name, dtype, sdpa):
    config = config_of(name)
    config._attn_implementation, config.use_cache = "eager" if sdpa == "eager" else "sdpa", False
    torch.set_default_dtype(torch.bfloat16 if dtype == "bf16" else torch.float32)
    with transformers.modeling_utils.no_init_weights():
        model = getattr(transformers, (config.architectures or [CLASSES[config.model_type]])[0])(config)
    model.tie_weights()
    torch.set_default_dtype(torch.float32)
    return model.to("cuda").train()


def backend(sdpa):
    kinds = {"math": "MATH", "efficient": "EFFICIENT_ATTENTION", "flash": "FLASH_ATTENTION"}
    if sdpa == "eager":
        return contextlib.nullcontext()
    return torch.nn.attention.sdpa_kernel(getattr(torch.nn.attention.SDPBackend, kinds[sdpa]))


def training_of(words):
    """How a case trains: {"momentum": "0.9", "checkpoint": ""}."""
    return dict(word.partition("=")[::2] for word in words)


def optimizer_of(model, name, implementation, training):
    if name == "adafactor":
        return Adafactor(model.parameters())
    kind = {"none": None, "sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[name]
    flags = {"foreach": {"foreach": True}, "fused": {"fused": True}, "for-loop": {"foreach": False}}[implementation]
    if "momentum" in training:
        flags["momentum"] = float(training["momentum"])
    return kind and kind(model.parameters(), lr=1e-3, **flags)


def step_optimizer(model, optimizer, scaler, training):
    if "clip" in training:
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), float(training["clip"]))
    scaler.step(optimizer)
    scaler.update()


def transformers_steps(case):
    folder, batch, seq, dtype, sdpa, name, implementation, *words = case.split()
    training = training_of(words)
    answer(free_of_padding="padding" not in training)
    model = build(folder, dtype, sdpa)
    if "checkpoint" in training:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    optimizer = optimizer_of(model, name, implementation, training)
    scaler = torch.amp.GradScaler("cuda", enabled=optimizer is not None and dtype == "amp-fp16")
    half = torch.float16 if dtype == "amp-fp16" else torch.bfloat16
    accumulate = int(training.get("accumulate", 1))
    ids = torch.zeros(int(batch), int(seq), dtype=torch.long, device="cuda")
    labels = torch.ones_like(ids)
    inputs = {"input_ids": ids, "labels": labels}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.ones_like(ids)
    if "padding" in training:
        inputs["attention_mask"] = torch.ones_like(ids)
    elif sdpa != "eager" and model.config.model_type in CAUSAL and (folder, sdpa) != ("tinyllama-1.1b", "efficient"):
        inputs["attention_mask"] = labels
    peaks = []
    with backend(sdpa):
        for _ in range(2):
            torch.cuda.reset_peak_memory_stats()
            (optimizer or model).zero_grad(set_to_none=True)
            for _ in range(accumulate):
                with torch.autocast("cuda", half, enabled=dtype.startswith("amp")):
                    loss = model(**inputs).loss
                if accumulate > 1:
                    loss = loss / accumulate
                scaler.scale(loss).backward()
            if optimizer:
                step_optimizer(model, optimizer, scaler, training)
            stats = torch.cuda.memory_stats()
            peaks.append({key: stats[f"{key}_bytes.all.peak"] for key in ("requested", "allocated", "reserved")})
    return peaks


def answer(free_of_padding):
    """transformers asks the device whether the batch is free of padding, and leaves the attention mask out if so. The
    virtual device has no values and reads as zeros; here it is answered as a real device would. The mask of the causal
    models is the tensor of labels (all ones): without any mask transformers 4.57 makes one, in case sequences were packed.
    What is asked of the host (LayerDrop's random number) is answered by PyTorch."""
    of_host = torch.Tensor.__bool__
    torch.Tensor.__bool__ = lambda tensor: free_of_padding if tensor.is_cuda else of_host(tensor)


def in_child(work):
    """The result of work(), JSON, from a forked process."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, json.dumps(work()).encode())
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
            os._exit(1)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    return json.loads(text) if os.waitpid(child, 0)[1] == 0 else None


def headroom_steps(binary, case):
    folder, batch, seq, dtype, sdpa, optimizer, implementation, *words = case.split()
    training = [part for name, value in training_of(words).items()
                for part in ((f"--{name}",) if name == "padding" else (f"--{name}", value or "block"))]
    model = folder if folder in CONFIGS else EXAMPLES / folder / "config.json"
    if folder in FILES:
        model = pathlib.Path(tempfile.gettempdir()) / f"{folder}.json"
        config_of(folder).to_json_file(model, use_diff=False)
    command = [binary, "profile", model, "--batch", batch, "--seq", seq, "--dtype", dtype,
               "--sdpa", sdpa, "--optimizer", optimizer, "--optimizer-implementation", implementation, *training,
               "--device", f"virtual:{os.environ['HEADROOM_VIRTUAL_GPU']}", "--format", "json", "--quiet"]
    child = subprocess.run(list(map(str, command)), env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"},
                           capture_output=True, text=True)
    if child.returncode:
        print(child.stderr.strip(), file=sys.stderr)
        return None
    steps = json.loads(child.stdout)["runs"][0]["steps"]
    return [{key: step[f"{key}_bytes"] for key in ("requested", "allocated", "reserved")} for step in steps]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headroom", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--case", action="append", help="MODEL BATCH SEQ DTYPE SDPA OPTIMIZER IMPLEMENTATION [TRAINING…]")
    o = parser.parse_args()
    transformers.logging.set_verbosity_error()
    warnings.filterwarnings("ignore")
    print(f"{'case':76}" + "".join(f"{text:>27}" for text in ("step 1 requested", "step 1 allocated", "step 2 requested",
                                                             "step 2 allocated", "step 2 reserved")))
    for case in o.case or [case for case in cases() if o.only in case]:
        theirs, ours = in_child(lambda: transformers_steps(case)), headroom_steps(o.headroom.resolve(), case)
        if not theirs or not ours:
            print(f"{case:76} not run", flush=True)
            continue
        columns = [(t[key], h[key] - t[key]) for t, h in zip(theirs, ours)
                   for key in ("requested", "allocated", "reserved")]
        del columns[2]
        print(f"{case:76}" + "".join(f"{value:15,} {difference:+11,}" for value, difference in columns), flush=True)


if __name__ == "__main__":
    main()
