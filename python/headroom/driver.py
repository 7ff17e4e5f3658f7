"""python driver.py JOB.json: what `headroom run` runs for headroom.profile(). Makes the module on the device and does some
steps with it. Knows nothing of the rest of the package."""
import importlib
import importlib.util
import json
import os
import sys

if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
    del sys.path[0]  # modules of this folder are nobody's business

import torch  # noqa: E402


def load(described):
    if "import" in described:
        return getattr(importlib.import_module(described["import"]), described["name"])
    if "file" in described:
        spec = importlib.util.spec_from_file_location("headroom_profiled", described["file"])
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return getattr(module, described["name"])
    names = {"__name__": "headroom_profiled"}
    exec(compile(described["source"], "<profiled>", "exec"), names)
    return names[described["name"]]


def make_tensor(shape, device):
    return torch.zeros(shape["shape"], dtype=getattr(torch, shape["dtype"]), device=device)


def made(inputs, device):
    """Positional and named arguments of the module."""
    if "function" in inputs:
        inputs = load(inputs["function"])()
        move = lambda value: value.to(device) if hasattr(value, "to") else value
        if isinstance(inputs, dict):
            return (), {name: move(value) for name, value in inputs.items()}
        return tuple(map(move, inputs if isinstance(inputs, (tuple, list)) else (inputs,))), {}
    return (tuple(make_tensor(shape, device) for shape in inputs["positional"]),
            {name: make_tensor(shape, device) for name, shape in inputs["named"].items()})


def first_floating(output):
    if torch.is_tensor(output):
        return output if output.is_floating_point() else None
    values = output.values() if isinstance(output, dict) else output if isinstance(output, (tuple, list)) else ()
    return next((found for found in map(first_floating, values) if found is not None), None)


def default_loss(output):
    loss = getattr(output, "loss", None)
    if torch.is_tensor(loss):
        return loss
    found = first_floating(output)
    if found is None:
        raise SystemExit("the module's output holds no tensor of floating-point numbers: give loss=FUNCTION")
    return found.float().mean()


def main(path):
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    sys.path[:0] = [folder for folder in job["path"] if folder not in sys.path]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    module = load(job["model"])()
    if not isinstance(module, torch.nn.Module):
        raise SystemExit(f"{job['model']['name']}() gave a {type(module).__name__}, expected a torch.nn.Module")
    module = module.to(device)
    args, kwargs = made(job["inputs"], device)
    if not job["train"]:
        module.eval()
        with torch.no_grad():
            for _ in range(job["steps"]):
                module(*args, **kwargs)
        return
    loss_of = load(job["loss"]) if job["loss"] else default_loss
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = getattr(torch.optim, job["optimizer"])(parameters, lr=1e-4) if job["optimizer"] and parameters else None
    module.train()
    for _ in range(job["steps"]):
        loss_of(module(*args, **kwargs)).backward()
        if optimizer:
            optimizer.step()
            optimizer.zero_grad()


if __name__ == "__main__":
    main(sys.argv[1])
