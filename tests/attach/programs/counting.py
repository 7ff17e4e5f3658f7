"""Does work of the kind asked for and prints, as JSON, what it knows of it itself: kernels launched, as the virtual GPU
counts them, and bytes copied to the device."""
import ctypes
import json
import sys

import torch

if not torch.__version__.startswith("2.11."):
    sys.modules["torchvision"] = None  # the environment's is made for 2.11, and transformers would import it
from nets import Net, train_step
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

how = sys.argv[1]
STEPS = 2


def bytes_of(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def bytes_of_model(model):
    return bytes_of([*model.parameters(), *model.buffers()])


def launch_count():
    report = ctypes.CDLL(None).headroom_virtual_gpu_report
    report.restype = ctypes.c_char_p
    return json.loads(report())["launch_count"]


def bert():
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(vocab_size=500, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=128)
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters())
    copied = bytes_of_model(model)
    model.to("cuda")
    batch = {"input_ids": torch.ones(4, 32, dtype=torch.long), "attention_mask": torch.ones(4, 32, dtype=torch.long),
             "labels": torch.zeros(4, dtype=torch.long)}
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(**{name: tensor.to("cuda") for name, tensor in batch.items()}).loss.backward()
        optimizer.step()
    return copied, STEPS * bytes_of(batch.values())


def workers():
    model = Net()
    copied = bytes_of_model(model)
    model.to("cuda")
    data = TensorDataset(torch.randint(0, 1000, (16, 64)), torch.randint(0, 1000, (16, 64)))
    optimizer = torch.optim.AdamW(model.parameters())
    for tokens, labels in DataLoader(data, batch_size=8, num_workers=2, pin_memory=True):
        optimizer.zero_grad()
        logits = model(tokens.to("cuda", non_blocking=True))
        nn.functional.cross_entropy(logits.flatten(0, 1), labels.to("cuda").flatten()).backward()
        optimizer.step()
    return copied, bytes_of(data.tensors)


def two_devices():
    layers = [nn.Linear(32, 32), nn.Linear(32, 32)]
    copied = sum(bytes_of_model(layer) for layer in layers)
    model = nn.ModuleList(layer.to(f"cuda:{index}") for index, layer in enumerate(layers))
    x = torch.ones(4, 32)
    for _ in range(STEPS):
        model[1](model[0](x.to("cuda:0")).to("cuda:1")).sum().backward()
    return copied, STEPS * bytes_of([x])


def profiling():
    """One step before, one in the device's profile, one in a profile of the processor alone, one after."""
    from torch.autograd import DeviceType
    from torch.profiler import ProfilerActivity, profile

    model, criterion = Net().cuda(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters())
    kernels = []
    train_step(model, optimizer, criterion)
    for activities in ([ProfilerActivity.CPU, ProfilerActivity.CUDA], [ProfilerActivity.CPU]):
        with profile(activities=activities) as seen:
            train_step(model, optimizer, criterion)
        kernels.append(sum(event.device_type == DeviceType.CUDA for event in seen.events()))
    train_step(model, optimizer, criterion)
    print(json.dumps({"profiled": kernels}))
    sys.exit()


model_bytes, batch_bytes = {"bert": bert, "workers": workers, "two devices": two_devices, "profiling": profiling}[how]()
torch.cuda.synchronize()
print(json.dumps({"launches": launch_count(), "model_bytes": model_bytes, "batch_bytes": batch_bytes}))
