"""What the golden scripts share: random inputs that print exactly, random weights that keep activations alive, summaries.

All reference values are computed in float64 from weights and inputs that are exact in float32.
"""

import json
import pathlib

import torch

GOLDEN = pathlib.Path("test/golden")


def rounded(tensor, decimals=4):
    """Values with few decimals, then float32, then float64: short in JSON and the same number on both sides."""
    return torch.round(tensor.double(), decimals=decimals).float().double()


def normal(generator, *shape, sd=1.0):
    return rounded(torch.randn(shape, generator=generator) * sd)


def randomize(model, seed, sd=0.2):
    """Fills every parameter: normal weights and biases, norm weights around one. Buffers are left alone."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            value = torch.randn(parameter.shape, generator=generator) * sd
            last = name.split(".")[-2] if "." in name else ""
            if name.endswith("weight") and parameter.ndim == 1 and ("norm" in last.lower() or "bn" in last or last == "1"):
                value = value + 1
            parameter.copy_(value)


def short(tensor, decimals=4):
    """Nested lists of the shortest decimals that parse back to the same float32 (for inputs made by `rounded`)."""
    if tensor.ndim == 0:
        return round(tensor.item(), decimals)
    return [short(t, decimals) for t in tensor]


def summary(tensor):
    flat = tensor.detach().double().flatten()
    return {"shape": list(tensor.shape), "norm": flat.norm().item(), "first8": flat[:8].tolist()}


def gradients(model, full=()):
    """Summaries of all gradients by parameter name; `full` parameters also carry all values (flattened)."""
    result = {}
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            result[name] = None
            continue
        result[name] = summary(parameter.grad)
        if name in full:
            result[name]["values"] = parameter.grad.flatten().tolist()
    return result


def adamw_steps(model, loss_of, steps=2):
    """AdamW as CLIP trains: no decay for vectors and logit_scale, global-norm clip at 1. One record a step."""
    groups = [
        {"params": [p for n, p in model.named_parameters() if p.ndim >= 2 and n != "logit_scale"], "weight_decay": 0.2},
        {"params": [p for n, p in model.named_parameters() if p.ndim < 2 or n == "logit_scale"], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), eps=1e-6)
    records = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        records.append({
            "loss": loss.item(),
            "gradientNormBeforeClip": norm.item(),
            "parametersAfter": {n: summary(p) for n, p in model.named_parameters()},
        })
    return records


def dump(path, value):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # One line a top-level key: a diff shows which golden moved.
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, allow_nan=False, separators=(',', ':'))}" for k, v in value.items())
    path.write_text("{\n" + lines + "\n}\n")
