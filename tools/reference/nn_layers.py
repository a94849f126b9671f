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


def convolutions():
    case("conv-1d", nn.Conv1d(3, 4, 3, stride=2, padding=1, dilation=2), {"x": n(2, 3, 9)})
    case("conv-2d", nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), groups=2), {"x": n(2, 4, 5, 4)})
    case("conv-3d", nn.Conv3d(2, 3, 3, padding=1, bias=False), {"x": n(2, 2, 3, 4, 3)})
    case("conv-transpose-1d", nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), {"x": n(2, 4, 4)})
    case("conv-transpose-2d", nn.ConvTranspose2d(3, 2, 2, stride=2), {"x": n(2, 3, 3, 2)})
    case("conv-transpose-3d", nn.ConvTranspose3d(2, 2, 3, dilation=2, bias=False), {"x": n(1, 2, 2, 3, 2)})


def residuals():
    from torchvision.models.resnet import BasicBlock, Bottleneck
    from torchvision.ops import SqueezeExcitation
    from timm.models.resnetv2 import DownsampleConv, PreActBasic, PreActBottleneck
    tracked = ("num_batches_tracked",)

    def down(inputs, outputs, stride):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    case("basic-block", BasicBlock(3, 4, 2, down(3, 4, 2)), {"x": n(2, 3, 5, 4)}, skip=tracked)
    case("basic-block-same", BasicBlock(3, 3), {"x": n(2, 3, 3, 3)}, skip=tracked)
    case("bottleneck-block", Bottleneck(3, 2, 2, down(3, 8, 2), groups=2, base_width=64, dilation=2),
         {"x": n(2, 3, 5, 5)}, skip=tracked)
    from timm.layers import BatchNormAct2d
    plain = dict(norm_layer=BatchNormAct2d, proj_layer=DownsampleConv, conv_layer=lambda *a, stride=1, dilation=1, groups=1, bias=False, **k: nn.Conv2d(
        *a, stride=stride, padding=(a[2] // 2) * dilation, dilation=dilation, groups=groups, bias=False))
    case("pre-activation-basic", PreActBasic(3, 8, bottle_ratio=1.0, stride=2, **plain), {"x": n(2, 3, 4, 4)}, skip=tracked)
    case("pre-activation-bottleneck", PreActBottleneck(4, 8, bottle_ratio=0.25, **plain), {"x": n(2, 4, 3, 3)}, skip=tracked)
    case("squeeze-excitation", SqueezeExcitation(4, 2), {"x": n(2, 4, 3, 2)})


class DoubleConv(nn.Module):
    """milesial's block, over any number of axes and with any norm; the operations are torch's."""

    def __init__(self, inputs, outputs, axes, norm):
        super().__init__()
        conv = getattr(nn, f"Conv{axes}d")
        self.double_conv = nn.Sequential(
            conv(inputs, outputs, 3, padding=1, bias=False), norm(outputs), nn.ReLU(),
            conv(outputs, outputs, 3, padding=1, bias=False), norm(outputs), nn.ReLU())

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, inputs, outputs, axes, norm):
        super().__init__()
        self.maxpool_conv = nn.Sequential(getattr(nn, f"MaxPool{axes}d")(2), DoubleConv(inputs, outputs, axes, norm))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, inputs, outputs, axes, norm, transposed):
        super().__init__()
        self.mode = None if transposed else {2: "bilinear", 3: "trilinear"}[axes]
        if transposed:
            self.up = getattr(nn, f"ConvTranspose{axes}d")(inputs, inputs // 2, 2, stride=2)
        self.conv = DoubleConv((inputs // 2 if transposed else inputs) + outputs, outputs, axes, norm)

    def forward(self, x, skip):
        wide = self.up(x) if self.mode is None else F.interpolate(x, scale_factor=2, mode=self.mode)
        sides = []
        for axis in range(x.ndim - 1, 1, -1):
            missing = skip.shape[axis] - wide.shape[axis]
            sides += [missing // 2, missing - missing // 2]
        return self.conv(torch.cat([skip, F.pad(wide, sides)], 1))


class UNet(nn.Module):
    def __init__(self, inputs, classes, base, depth, axes, norm, transposed=True):
        super().__init__()
        self.depth = depth
        self.inc = DoubleConv(inputs, base, axes, norm)
        for i in range(1, depth + 1):
            self.add_module(f"down{i}", Down(base * 2 ** (i - 1), base * 2 ** i, axes, norm))
        for i in range(1, depth + 1):
            level = depth - i
            self.add_module(f"up{i}", Up(base * 2 ** (level + 1), base * 2 ** level, axes, norm, transposed))
        self.outc = nn.Sequential()
        self.outc.add_module("conv", getattr(nn, f"Conv{axes}d")(base, classes, 1))

    def forward(self, x):
        skips = [self.inc(x)]
        for i in range(1, self.depth + 1):
            skips.append(getattr(self, f"down{i}")(skips[-1]))
        y = skips.pop()
        for i in range(1, self.depth + 1):
            y = getattr(self, f"up{i}")(y, skips.pop())
        return self.outc(y)


def unets():
    case("unet-2d", UNet(1, 2, 2, 2, 2, nn.BatchNorm2d), {"x": n(2, 1, 7, 6)}, skip=("num_batches_tracked",))
    case("unet-3d", UNet(1, 2, 2, 1, 3, lambda c: nn.InstanceNorm3d(c, affine=True)), {"x": n(1, 1, 4, 5, 4)})
    case("unet-group", UNet(1, 2, 2, 1, 2, lambda c: nn.GroupNorm(2, c), transposed=False), {"x": n(2, 1, 4, 4)})


def recurrents():
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
    lengths = torch.tensor([4, 2, 3])

    def padded(m, x):
        packed_, state = m(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        y = pad_packed_sequence(packed_, batch_first=True, total_length=4)[0]
        return {"y": y, **({"hidden": state[0], "cell": state[1]} if isinstance(state, tuple) else {"hidden": state})}

    def given(m, x, hidden, cell=None):
        y, state = m(x, hidden if cell is None else (hidden, cell))
        return {"y": y, **({"hidden": state[0], "cell": state[1]} if isinstance(state, tuple) else {"hidden": state})}
    options = dict(batch_first=True)
    case("lstm-padded", nn.LSTM(3, 4, num_layers=2, bidirectional=True, **options), {"x": n(3, 4, 3)}, padded)
    case("lstm-initial", nn.LSTM(3, 4, **options), {"x": n(2, 3, 3), "hidden": n(1, 2, 4), "cell": n(1, 2, 4)}, given)
    case("gru-padded", nn.GRU(3, 4, num_layers=2, bidirectional=True, **options), {"x": n(3, 4, 3)}, padded)
    case("gru-initial", nn.GRU(3, 4, bias=False, **options), {"x": n(2, 3, 3), "hidden": n(1, 2, 4)}, given)


def patches_and_positions():
    case("patches-2d", nn.Conv2d(2, 4, (2, 3), stride=(2, 3)), {"x": n(2, 2, 4, 6)}, lambda m, x: m(x).flatten(2).transpose(1, 2))
    case("patches-3d", nn.Conv3d(1, 4, 2, stride=2, bias=False), {"x": n(2, 1, 4, 2, 4)}, lambda m, x: m(x).flatten(2).transpose(1, 2))
    from timm.layers import resample_abs_pos_embed
    for name, new, antialias in (("up", (5, 7), False), ("down", (2, 2), True), ("mixed", (6, 3), True)):
        case(f"resize-positions-{name}", None, {"x": n(13, 3)},
             lambda m, x: resample_abs_pos_embed(x[None], list(new), [3, 4], num_prefix_tokens=1, antialias=antialias)[0])
    from transformers.models.vit.configuration_vit import ViTConfig
    from transformers.models.vit.modeling_vit import ViTEmbeddings
    embeddings = ViTEmbeddings(ViTConfig(hidden_size=4, image_size=6, patch_size=2, num_channels=1, num_attention_heads=1)).double()

    def hugging_face(_, x):
        del embeddings.position_embeddings
        embeddings.position_embeddings = x[None]
        return embeddings.interpolate_pos_encoding(torch.zeros(1, 31, 4, dtype=torch.double), 10, 12)[0]
    case("resize-positions-hugging-face", None, {"x": n(10, 4)}, hugging_face)
    from transformers.models.vit_mae.modeling_vit_mae import build_2d_sinusoidal_position_embedding
    # Halves swapped as their initialize_weights does, which is the layout of the published MAE.
    wave = build_2d_sinusoidal_position_embedding(3, 4, 8, dtype=torch.double).roll(4, 1)
    case("sin-cos-grid", None, {"x": torch.ones(1).double()}, lambda m, x: x * wave)


def sparse_embeddings():
    """Four steps of torch's lazy Adam and of SGD on a table of nine rows, of which each step looks up some."""
    table = n(9, 3)
    batches = [[[1, 4, 1], [7, 4, 1]], [[0, 7, 7], [7, 7, 7]], [[4, 2, 0], [8, 8, 4]], [[1, 1, 1], [1, 1, 3]]]
    factors = [n(2, 3, 3) for _ in batches]
    for name, make in {"sparse-adam": lambda p: torch.optim.SparseAdam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-6),
                       "sparse-sgd": lambda p: torch.optim.SGD(p, lr=0.3)}.items():
        layer = nn.Embedding(9, 3, sparse=True, _weight=table.clone())
        optimizer = make(list(layer.parameters()))
        after = []
        for ids, factor in zip(batches, factors):
            optimizer.zero_grad()
            looked = layer(ints(ids))
            (looked * factor + looked.square()).sum().backward()
            optimizer.step()
            after.append(layer.weight.detach().clone())
        cases[name] = {
            "training": True, "inputs": {"ids": packed(ints(batches)), "factors": packed(torch.stack(factors))},
            "state": {"weight": packed(table)}, "outputs": {"after": packed(torch.stack(after))}, "gradients": {}, "after": {}}


def graphs(compgcn):
    from torch_geometric.nn import GATConv, GCNConv, RGCNConv
    # Two edges between one pair, a node without incoming edges (4), a node without any (5).
    edges = ints([[0, 1, 2, 4, 3, 0, 2], [1, 0, 1, 2, 2, 3, 1]])
    options = dict(heads=2, add_self_loops=False)

    def gat(m, x):
        y, (_, weights) = m(x, edges, return_attention_weights=True)
        return {"y": y, "weights": weights}
    case("graph-attention", GATConv(4, 3, **options), {"x": n(6, 4)}, gat)
    case("graph-attention-mean", GATConv(4, 3, concat=False, **options), {"x": n(6, 4)}, gat)
    simple = ints([[0, 1, 2, 4, 3, 0, 1, 2, 3, 4], [1, 0, 1, 2, 2, 0, 1, 2, 3, 4]])
    case("graph-attention-dense", GATConv(4, 3, **options), {"x": n(5, 4)}, lambda m, x: m(x, simple))
    case("graph-conv", GCNConv(4, 3), {"x": n(6, 4)}, lambda m, x: m(x, edges))
    weights = (n(7).abs() + 0.1).float().double()
    case("graph-conv-weighted", GCNConv(4, 3, add_self_loops=False, bias=False), {"x": n(6, 4), "w": weights},
         lambda m, x, w: m(x, edges, w))
    case("graph-conv-dense", GCNConv(4, 3), {"x": n(5, 4)}, lambda m, x: m(x, ints([[0, 1, 2, 4, 3], [1, 0, 1, 2, 2]])))
    case("relational-gcn", RGCNConv(4, 3, 2), {"x": n(6, 4)}, lambda m, x: m(x, edges, ints([0, 1, 1, 0, 1, 0, 1])))
    if compgcn is None:
        kept = json.loads(PATH.read_text()) if PATH.exists() else {}
        cases.update({k: v for k, v in kept.items() if k.startswith("comp-gcn")})
        return

    # The authors' code is of 2019: the three packages it wants are replaced by torch's own operations.
    def scatter(src, index, dim=0, out=None, dim_size=None, reduce="sum"):
        return torch.zeros(dim_size, *src.shape[1:], dtype=src.dtype).index_add(0, index, src)
    scatter_module = types.ModuleType("torch_scatter")
    scatter_module.scatter = scatter_module.scatter_add = scatter
    ordered = types.ModuleType("ordered_set")
    ordered.OrderedSet = set
    sys.modules |= {"torch_scatter": scatter_module, "ordered_set": ordered}
    if not hasattr(inspect, "getargspec"):
        inspect.getargspec = inspect.getfullargspec
    sys.path.insert(0, compgcn)
    from model import compgcn_conv
    # So is torch.rfft; this is ccorr of their helper.py with its successor.
    compgcn_conv.ccorr = lambda a, b: torch.fft.irfft(torch.conj(torch.fft.rfft(a)) * torch.fft.rfft(b), a.shape[-1])
    for operation in ("sub", "mult", "corr"):
        for width in ((4, 5) if operation == "corr" else (4,)):
            module = compgcn_conv.CompGCNConv(width, 3, 2, params=types.SimpleNamespace(dropout=0.0, bias=True, opn=operation))
            heads, tails, relations = [0, 1, 2, 4, 0], [1, 2, 0, 3, 1], [0, 1, 1, 0, 1]
            index, kinds = ints([heads + tails, tails + heads]), ints(relations + [r + 2 for r in relations])

            def run(m, x, relations):
                y, r = m(x, index, kinds, relations)
                return {"y": y, "relations": r}
            case(f"comp-gcn-{operation}-{width}", module, {"x": n(6, width), "relations": n(4, width)}, run, skip=("num_batches_tracked",))


PARTS = [norms, attentions, transformers_, convolutions, residuals, unets, recurrents, patches_and_positions, sparse_embeddings]

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--compgcn")
    options = parser.parse_args()
    for part in PARTS:
        part()
    graphs(options.compgcn)
    dump(PATH, cases)
    print(len(cases), "cases,", PATH.stat().st_size, "bytes")
