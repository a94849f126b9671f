"""Writes test/golden/safetensors/: files made by Python's safetensors, with the values numpy and torch read back.

Run from the root of the repository: python tools/reference/safetensors_files.py
With --check FILE it instead reads a copy of python.safetensors that Vesalius wrote, and notes in
test/golden/safetensors/vesalius.json its hash and what Python saw (see README.md).
"""

import argparse
import hashlib
import json
import math
import pathlib

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

OUT = pathlib.Path("test/golden/safetensors")


def values(tensor):
    """Values as JSON: non-finite numbers and 64-bit integers as texts."""
    flat = tensor.flatten()
    if tensor.dtype in (torch.int64, torch.uint64):
        return [str(v) for v in flat.tolist()]
    if tensor.dtype.is_floating_point:
        return [v if math.isfinite(v) else str(v) for v in flat.to(torch.float32).double().tolist()]
    return [int(v) for v in flat.tolist()]


def write():
    OUT.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(1)
    floats = torch.randn(3, 5, generator=generator) * 10 ** torch.linspace(-6, 4, 5)
    edges = torch.tensor([0.0, -0.0, 1.0, -2.5, 6.1e-5, 5.96e-8, 65504.0, 1 / 3])
    tensors = {
        "float32": floats,
        "float64": floats.double() / 3,
        "float16": edges.half(),
        "bfloat16": torch.cat([edges, torch.tensor([3e38, -1e-38])]).bfloat16(),
        "int64": torch.tensor([[0, -1], [2**53 + 1, -(2**62)]]),
        "int32": torch.tensor([1, -(2**31), 2**31 - 1], dtype=torch.int32),
        "int16": torch.tensor([-32768, 7], dtype=torch.int16),
        "uint8": torch.tensor([0, 127, 255], dtype=torch.uint8),
        "bool": torch.tensor([[True, False, True]]),
        "scalar": torch.tensor(2.6592),
        "empty": torch.zeros(0, 4),
        "encoder.layers.0.\u00e9t\u00e9 \"quoted\"": torch.tensor([1.5]),
    }
    save_file(tensors, OUT / "python.safetensors", metadata={"format": "pt", "note": "caf\u00e9"})
    back = load_file(OUT / "python.safetensors")
    expected = {
        "metadata": {"format": "pt", "note": "caf\u00e9"},
        "tensors": {k: {"shape": list(v.shape), "values": values(v)} for k, v in back.items()},
    }
    (OUT / "python.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
    save_file({"good": torch.ones(2), "bad": torch.tensor([1.0, math.nan])}, OUT / "nan.safetensors")
    # Every half-precision number and its value, as sums that a wrong decoder cannot match by chance.
    words = torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(torch.float16).double()
    finite = torch.isfinite(words)
    index = torch.arange(65536, dtype=torch.float64)
    # Rounding of float32 to the two short types: the bit patterns torch chooses.
    probe = torch.cat([
        torch.randn(60, generator=generator) * 10 ** (torch.rand(60, generator=generator) * 14 - 9),
        torch.tensor([1.00048828125, 1.00146484375, 65519.0, 65520.0, 2.98e-8, 2.9802322387695312e-8, 1e-9, -6.1e-5, 6.1035e-5,
                      2047.5, 2048.5, 1.00390625, 1.01171875, 3.3961775e38]),
    ])
    half = {
        "finite": int(finite.sum()),
        "absolute": words[finite].abs().sum().item(),
        "weighted": (words[finite] * (index[finite] % 97)).sum().item(),
        "probe": probe.double().tolist(),
        "float16": [v & 0xFFFF for v in probe.half().view(torch.int16).tolist()],
        "bfloat16": [v & 0xFFFF for v in probe.bfloat16().view(torch.int16).tolist()],
    }
    (OUT / "half.json").write_text(json.dumps(half) + "\n")


def check(file):
    """Reads a file written by Vesalius with the Rust reader behind Python's package; notes what agrees."""
    want = json.loads((OUT / "python.json").read_text())
    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata()
    got = load_file(file)
    result = {
        "sha256": hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest(),
        "metadata": metadata,
        "namesEqual": sorted(got) == sorted(want["tensors"]),
        "tensorsEqual": all(
            list(got[k].shape) == v["shape"] and values(got[k]) == v["values"] for k, v in want["tensors"].items()
        ),
        "dtypes": {k: str(v.dtype) for k, v in sorted(got.items())},
    }
    (OUT / "vesalius.json").write_text(json.dumps(result, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check")
    options = parser.parse_args()
    if options.check:
        check(options.check)
    else:
        write()
