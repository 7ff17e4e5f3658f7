"""Trains a Hugging Face model built from a config, with random weights and nothing to download, and prints what it knows of its
own memory as one JSON line:

    language_model.py bert|gpt2|llama|vit [--attention eager|sdpa] [--amp] [--checkpoint] [--trainer] [--steps N] [--width W]
"""
import argparse
import json
import sys

import torch

if not torch.__version__.startswith("2.11."):
    sys.modules["torchvision"] = None  # the environment's is made for 2.11, and transformers would import it
import transformers


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["bert", "gpt2", "llama", "vit"])
    parser.add_argument("--attention", default="eager", choices=["eager", "sdpa"])
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--checkpoint", action="store_true")
    parser.add_argument("--trainer", action="store_true")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seq", type=int, default=64)
    return parser.parse_args()


def build(args):
    shape = dict(hidden_size=args.width, num_hidden_layers=2, num_attention_heads=4, intermediate_size=4 * args.width,
                 attn_implementation=args.attention)
    if args.model == "bert":
        return transformers.BertForMaskedLM(transformers.BertConfig(vocab_size=1000, **shape))
    if args.model == "llama":
        return transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=1000, num_key_value_heads=2, **shape))
    if args.model == "vit":
        return transformers.ViTForImageClassification(transformers.ViTConfig(image_size=32, patch_size=8, num_labels=10, **shape))
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=1000, n_embd=args.width, n_layer=2, n_head=4, attn_implementation=args.attention))


def sample(args):
    if args.model == "vit":
        return {"pixel_values": torch.zeros(3, 32, 32), "labels": torch.tensor(1)}
    tokens = torch.ones(args.seq, dtype=torch.long)
    return {"input_ids": tokens, "labels": tokens}


def train(model, args):
    optimizer = torch.optim.AdamW(model.parameters())
    scaler = torch.amp.GradScaler("cuda", enabled=args.amp)
    loader = torch.utils.data.DataLoader([sample(args)] * (args.batch * args.steps), batch_size=args.batch, pin_memory=True)
    for batch in loader:
        batch = {name: tensor.to("cuda", non_blocking=True) for name, tensor in batch.items()}
        with torch.autocast("cuda", dtype=torch.float16, enabled=args.amp):
            loss = model(**batch).loss
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if args.steps > 1:
            optimizer.zero_grad(set_to_none=False)
    return optimizer


def train_with_trainer(model, args):
    settings = transformers.TrainingArguments(output_dir="unused", per_device_train_batch_size=args.batch, max_steps=args.steps,
                                              report_to=[], save_strategy="no", gradient_checkpointing=args.checkpoint,
                                              fp16=args.amp, disable_tqdm=True)
    trainer = transformers.Trainer(model, settings, train_dataset=[sample(args)] * (args.batch * args.steps))
    trainer.train()
    return trainer.optimizer.optimizer


def block_bytes(tensors):
    """Of the allocator's blocks that hold the tensors, each once: numel times itemsize, rounded to 512 bytes, and what of a block
    was too little to split off.
    """
    sizes = {part["address"]: part["size"] for segment in torch.cuda.memory_snapshot() for part in segment["blocks"]}
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors if tensor.is_cuda}
    for address, size in storages.items():
        assert 0 <= sizes[address] - -(-size // 512) * 512 <= 1 << 20, (size, sizes[address])
    return sum(sizes[address] for address in storages)


def main():
    args = arguments()
    model = build(args).cuda()
    if args.checkpoint and not args.trainer:
        model.gradient_checkpointing_enable()
    model.train()
    optimizer = train_with_trainer(model, args) if args.trainer else train(model, args)
    parameters = list(model.parameters())
    print(json.dumps({
        "parameter": block_bytes(parameters),
        "gradient": block_bytes(p.grad for p in parameters if p.grad is not None),
        "optimizer_state": block_bytes(value for state in optimizer.state.values() for value in state.values()
                                   if isinstance(value, torch.Tensor)),
        "peak": torch.cuda.max_memory_allocated(),
        "modules": [name for name, _ in model.named_modules() if name],
    }))


if __name__ == "__main__":
    main()
