"""BERT-base from a configuration, masked-language modelling on made-up tokens: an ordinary training loop, nothing of Headroom in it.

    headroom run --device virtual:a100-40gb -- python examples/train_bert.py --batch 16
"""
import argparse

import torch
from transformers import BertConfig, BertForMaskedLM


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seq", type=int, default=128)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    parser.add_argument("--checkpoint", action="store_true", help="recompute activations in backward")
    return parser.parse_args()


def main():
    args = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = BertForMaskedLM(BertConfig(num_hidden_layers=args.layers)).to(device)
    if args.checkpoint:
        model.gradient_checkpointing_enable()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for _ in range(args.steps):
        tokens = torch.randint(0, model.config.vocab_size, (args.batch, args.seq), device=device)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=args.bf16):
            loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(f"{args.steps} steps on {device}, batch {args.batch} × {args.seq} tokens")


if __name__ == "__main__":
    main()
