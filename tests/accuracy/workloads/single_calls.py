"""What one call leaves allocated."""
import torch


def after_one_linear(width):
    def call():
        layer = torch.nn.Linear(width, width, device="cuda")
        layer(torch.randn(width, width, device="cuda"))
    call()
    torch.cuda.synchronize()
    return {"allocated": torch.cuda.memory_allocated()}


def softmax(shape):
    x = torch.rand(shape, dtype=torch.bfloat16, device="cuda", requires_grad=True)
    steps = {"after allocation": torch.cuda.memory_allocated()}
    x = torch.nn.functional.softmax(x, dim=-1)
    loss = torch.mean(x)
    steps["after forward"] = torch.cuda.memory_allocated()
    loss.backward()
    steps["after backward"], steps["peak"] = torch.cuda.memory_allocated(), torch.cuda.max_memory_allocated()
    return steps
