"""Writes test/golden/nn-layers.json: layers of torch, torchvision, transformers, timm, open_clip, PyTorch Geometric and of
the authors of CompGCN, forward and backward, in float64 from values that are exact in float32.

Every case: `inputs`, `state` (parameters and statistics by state-dict key), `outputs`, `gradients` of
sum over outputs of <output, cotangent>, and `after` (statistics moved by the pass). The cotangent's element i of a tensor
is ((7919 i) mod 23 - 11) / 8. Floats are base64 of little-endian float32.

Run from the root: python tools/reference/nn_layers.py [--compgcn FOLDER], FOLDER a clone of
https://github.com/malllabiisc/CompGCN; without it, those cases are kept from the present file.
"""

import argparse
import base64
import inspect
import json
import sys
import types
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from goldens import GOLDEN, dump

warnings.filterwarnings("ignore")
PATH = GOLDEN / "nn-layers.json"
generator = torch.Generator().manual_seed(77)
cases = {}


def n(*shape, sd=1.0):
    """Normal values, exact in float32."""
    return (torch.randn(shape, generator=generator) * sd).float().double()


def ints(values):
    return torch.tensor(values, dtype=torch.long)


def packed(tensor):
    values = tensor.detach()
    shape = list(values.shape)
    if not values.dtype.is_floating_point:
        return {"shape": shape, "ints": [int(v) for v in values.flatten().tolist()]}
    return {"shape": shape, "floats": base64.b64encode(values.flatten().float().numpy().astype("<f4").tobytes()).decode()}


def cotangent(tensor):
    i = torch.arange(tensor.numel(), dtype=torch.double)
    return (((7919 * i) % 23 - 11) / 8).reshape(tensor.shape)


def randomize(module, sd):
    """Normal parameters and statistics; gains and variances around one."""
    with torch.no_grad():
        for name, value in [*module.named_parameters(), *module.named_buffers()]:
            if not value.dtype.is_floating_point:
                continue
            fresh = n(*value.shape, sd=sd)
            if name.endswith("running_var"):
                fresh = (fresh.abs() + 0.5).float().double()
            elif name.endswith("weight") and value.ndim == 1:
                fresh = (fresh + 1).float().double()
            value.copy_(fresh)


def case(name, module, inputs, call=None, training=True, sd=0.4, skip=(), rename=lambda key: key):
    """`skip`: buffers that Vesalius does not hold, by ending. `rename`: key of the state dict -> our name."""
    if isinstance(module, nn.Module):
        module = module.double().train(training)
        randomize(module, sd)
        state = {k: v.clone() for k, v in module.state_dict().items()
                 if v.dtype.is_floating_point and not k.endswith(tuple(skip))}
    else:
        state = {}
    leaves = {k: v.clone().requires_grad_(v.dtype.is_floating_point) for k, v in inputs.items()}
    outputs = (call or (lambda m, **x: m(*x.values())))(module, **leaves)
    if torch.is_tensor(outputs):
        outputs = {"y": outputs}
    sum((y * cotangent(y)).sum() for y in outputs.values()).backward()
    gradients = {k: v.grad for k, v in leaves.items() if v.grad is not None}
    after = {}
    if state:
        gradients |= {rename(k): v.grad if v.grad is not None else torch.zeros_like(v) for k, v in module.named_parameters()}
        moved = dict(module.named_buffers())
        after = {rename(k): moved[k] for k in state if k in moved and not torch.equal(moved[k], state[k])}
    cases[name] = {
        "training": training,
        "inputs": {k: packed(v) for k, v in inputs.items()},
        "state": {rename(k): packed(v) for k, v in state.items()},
        "outputs": {k: packed(v) for k, v in outputs.items()},
        "gradients": {k: packed(v) for k, v in gradients.items()},
        "after": {k: packed(v) for k, v in after.items()},
    }


def norms():
    tracked = ("num_batches_tracked",)
    case("batch-norm-1d", nn.BatchNorm1d(3), {"x": n(5, 3)}, skip=tracked)
    case("batch-norm-1d-length", nn.BatchNorm1d(3), {"x": n(2, 3, 4)}, skip=tracked)
    case("batch-norm-3d", nn.BatchNorm3d(2), {"x": n(2, 2, 2, 3, 2)}, skip=tracked)
    case("batch-norm-3d-eval", nn.BatchNorm3d(2), {"x": n(2, 2, 2, 3, 2)}, training=False, skip=tracked)
    case("group-norm", nn.GroupNorm(2, 6), {"x": n(2, 6, 3, 2)})
    case("group-norm-1d", nn.GroupNorm(3, 6), {"x": n(2, 6)})
    case("instance-norm", nn.InstanceNorm2d(3), {"x": n(2, 3, 3, 2)})
    case("instance-norm-affine", nn.InstanceNorm3d(2, affine=True), {"x": n(2, 2, 2, 3, 2)})
    case("rms-norm", nn.RMSNorm(6, eps=1e-6), {"x": n(2, 3, 6)})
    from timm.layers import LayerNorm2d
    case("channel-norm", LayerNorm2d(5, eps=1e-6), {"x": n(2, 5, 2, 3)})


def attentions():
    mask = ints([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])

    def self_attention(m, x):
        y, w = m(x, x, x, key_padding_mask=mask == 0, average_attn_weights=False)
        return {"y": y, "weights": w}

    def causal(m, x):
        blocked = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
        return m(x, x, x, attn_mask=blocked, need_weights=False)[0]

    def cross(m, x, key, value=None):
        y, w = m(x, key, key if value is None else value, average_attn_weights=False)
        return {"y": y, "weights": w}

    mha = dict(embed_dim=8, num_heads=2, batch_first=True)
    case("multi-head-self", nn.MultiheadAttention(**mha), {"x": n(2, 5, 8)}, self_attention)
    case("multi-head-causal", nn.MultiheadAttention(**mha), {"x": n(2, 5, 8)}, causal)
    case("multi-head-cross", nn.MultiheadAttention(**mha), {"x": n(2, 3, 8), "key": n(2, 4, 8)}, cross)
    case("multi-head-widths", nn.MultiheadAttention(kdim=6, vdim=5, **mha),
         {"x": n(2, 3, 8), "key": n(2, 4, 6), "value": n(2, 4, 5)}, cross)
    case("multi-head-no-bias", nn.MultiheadAttention(bias=False, **mha), {"x": n(2, 3, 8)}, lambda m, x: m(x, x, x)[0])
    from open_clip.modified_resnet import AttentionPool2d
    case("attention-pool", AttentionPool2d(3, 8, 2, 5), {"x": n(2, 8, 3, 3)})

    from transformers.models.t5.configuration_t5 import T5Config
    from transformers.models.t5.modeling_t5 import T5Attention
    for name, decoder in (("distance-bias", False), ("distance-bias-decoder", True)):
        config = T5Config(d_model=4, d_kv=2, num_heads=2, relative_attention_num_buckets=8,
                          relative_attention_max_distance=12, is_decoder=decoder)
        whole = T5Attention(config, has_relative_attention_bias=True)

        class Bias(nn.Module):
            def __init__(self):
                super().__init__()
                self.relative_attention_bias = whole.relative_attention_bias

            def forward(self):
                return whole.compute_bias(18, 18)
        case(name, Bias(), {})

    from torchvision.models.swin_transformer import PatchMerging, ShiftedWindowAttention, SwinTransformerBlock
    index = ("relative_position_index",)

    def swin(size, window, shift):
        return ShiftedWindowAttention(4, list(window), list(shift), 2), {"x": n(2, *size, 4)}
    for name, arguments in {"plain": ((4, 6), (2, 3), (0, 0)), "shifted": ((4, 6), (2, 3), (1, 1)),
                            "odd": ((5, 4), (3, 3), (1, 1)), "one": ((2, 5), (2, 2), (1, 1))}.items():
        case(f"windowed-{name}", *swin(*arguments), skip=index)
    case("swin-block", SwinTransformerBlock(4, 2, [2, 2], [1, 1], mlp_ratio=2), {"x": n(1, 4, 4, 4)}, skip=index)
    case("patch-merging", PatchMerging(3), {"x": n(2, 3, 4, 3)})


def transformers_():
    options = dict(d_model=8, nhead=2, dim_feedforward=12, dropout=0.0, batch_first=True)
    mask = ints([[1, 1, 1, 1], [1, 1, 1, 0]])
    memory_mask = ints([[1, 1, 0], [1, 1, 1]])
    causal = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
    pad = mask == 0
    for first in (False, True):
        name = "pre" if first else "post"
        case(f"encoder-block-{name}", nn.TransformerEncoderLayer(norm_first=first, activation="gelu" if first else "relu", **options),
             {"x": n(2, 4, 8)}, lambda m, x: m(x, src_key_padding_mask=pad))
        case(f"decoder-block-{name}", nn.TransformerDecoderLayer(norm_first=first, **options),
             {"x": n(2, 4, 8), "memory": n(2, 3, 8)},
             lambda m, x, memory: m(x, memory, tgt_mask=causal, memory_key_padding_mask=memory_mask == 0))
    layer = nn.TransformerEncoderLayer(norm_first=True, **(options | {"dim_feedforward": 6}))
    case("encoder", nn.TransformerEncoder(layer, 2, nn.LayerNorm(8), enable_nested_tensor=False), {"x": n(2, 3, 8)})
    layer = nn.TransformerDecoderLayer(norm_first=True, **(options | {"dim_feedforward": 6}))
    case("decoder", nn.TransformerDecoder(layer, 2, nn.LayerNorm(8)), {"x": n(2, 3, 8), "memory": n(2, 2, 8)},
         lambda m, x, memory: m(x, memory))

    from timm.layers import Mlp
    case("mlp", Mlp(4, 6, 3), {"x": n(2, 3, 4)})
    from transformers.models.llama.configuration_llama import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaMLP
    case("gated-mlp-silu", LlamaMLP(LlamaConfig(hidden_size=4, intermediate_size=6, num_attention_heads=2)), {"x": n(2, 3, 4)})
    from transformers.models.t5.configuration_t5 import T5Config
    from transformers.models.t5.modeling_t5 import T5DenseGatedActDense
    config = T5Config(d_model=4, d_ff=6, feed_forward_proj="gated-gelu", dropout_rate=0.0)
    config.dense_act_fn = "gelu"
    case("gated-mlp-gelu", T5DenseGatedActDense(config), {"x": n(2, 3, 4)})


PARTS = [norms, attentions, transformers_]

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--compgcn")
    options = parser.parse_args()
    for part in PARTS:
        part()
    dump(PATH, cases)
    print(len(cases), "cases,", PATH.stat().st_size, "bytes")
