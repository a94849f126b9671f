"""Writes test/golden/layers.json: single operations of torch, forward and backward, on a few numbers.

Every case: `inputs` (name -> shape, values), `options`, `output`, `cotangent` (the gradient sent into the output) and
`gradients` (name -> values), all flattened in row-major order. Run from the root: python tools/reference/layers.py
"""

import math

import torch
import torch.nn.functional as F
from transformers.activations import ACT2FN

from goldens import GOLDEN, dump, normal

generator = torch.Generator().manual_seed(51)
cases = {}


def n(*shape, sd=1.0):
    return normal(generator, *shape, sd=sd)


def packed(tensor):
    kind = "float" if tensor.dtype.is_floating_point else "int"
    values = tensor.detach().flatten().tolist()
    return {"shape": list(tensor.shape), "dtype": kind, "values": [v if kind == "float" else int(v) for v in values]}


def case(name, operation, inputs, options=None, extra=None):
    leaves = {k: v.clone().requires_grad_(v.dtype.is_floating_point) for k, v in inputs.items()}
    output = operation(**leaves)
    cotangent = normal(generator, *output.shape)
    (output * cotangent).sum().backward()
    cases[name] = {
        "options": options or {},
        "inputs": {k: packed(v) for k, v in inputs.items()},
        "output": packed(output),
        "cotangent": packed(cotangent),
        "gradients": {k: packed(v.grad) for k, v in leaves.items() if v.grad is not None},
        **({} if extra is None else {"extra": {k: packed(v) for k, v in extra.items()}}),
    }


def convolutions():
    case("conv2d", lambda x, weight, bias: F.conv2d(x, weight, bias, stride=2, padding=1),
         {"x": n(2, 3, 5, 6), "weight": n(4, 3, 3, 3, sd=0.5), "bias": n(4)}, {"stride": 2, "padding": 1, "groups": 1})
    case("conv2d-grouped", lambda x, weight, bias: F.conv2d(x, weight, bias, stride=2, padding=1, groups=2),
         {"x": n(2, 4, 5, 5), "weight": n(6, 2, 3, 3, sd=0.5), "bias": n(6)}, {"stride": 2, "padding": 1, "groups": 2})
    case("conv2d-same", lambda x, weight: F.conv2d(x, weight, padding=1),
         {"x": n(1, 2, 4, 4), "weight": n(3, 2, 3, 3, sd=0.5)}, {"stride": 1, "padding": 1, "groups": 1})
    case("conv2d-patch", lambda x, weight: F.conv2d(x, weight, stride=3),
         {"x": n(1, 2, 6, 6), "weight": n(4, 2, 3, 3, sd=0.5)}, {"stride": 3, "padding": 0, "groups": 1})
    # Distinct values: where two are equal, the gradient of a maximum is a matter of taste.
    order = torch.randperm(196, generator=generator).double().reshape(2, 2, 7, 7) / 10 - 10
    case("maxpool2d", lambda x: F.max_pool2d(x, 3, 2, 1), {"x": order}, {"kernel": 3, "stride": 2, "padding": 1})
    case("avgpool2d", lambda x: F.avg_pool2d(x, 2), {"x": n(1, 2, 4, 6)}, {"kernel": 2, "stride": 2})


def norms():
    case("layernorm", lambda x, weight, bias: F.layer_norm(x, (8,), weight, bias, 1e-5),
         {"x": n(2, 3, 8, sd=2.0), "weight": n(8), "bias": n(8)}, {"eps": 1e-5})
    mean, variance = n(3, sd=0.5), n(3).abs() + 0.5
    after = {"running_mean_after": mean.clone(), "running_var_after": variance.clone()}
    before = {"running_mean": mean, "running_var": variance}
    case("batchnorm-train",
         lambda x, weight, bias: F.batch_norm(x, after["running_mean_after"], after["running_var_after"], weight, bias, True, 0.1, 1e-5),
         {"x": n(4, 3, 2, 3, sd=2.0), "weight": n(3), "bias": n(3)}, {"eps": 1e-5, "momentum": 0.1}, {**before, **after})
    case("batchnorm-eval", lambda x, weight, bias: F.batch_norm(x, mean, variance, weight, bias, False, 0.1, 1e-5),
         {"x": n(4, 3, 2, 3, sd=2.0), "weight": n(3), "bias": n(3)}, {"eps": 1e-5}, before)


def activations():
    x = torch.cat([torch.tensor([0.0, -6.0, 6.0, 0.5, -0.5], dtype=torch.float64), n(19, sd=2.0)])
    case("gelu", lambda x: F.gelu(x), {"x": x})
    case("quick-gelu", lambda x: ACT2FN["quick_gelu"](x), {"x": x})
    case("sigmoid", lambda x: torch.sigmoid(x), {"x": x})
    case("softplus", lambda x: F.softplus(x), {"x": x})
    case("softmax", lambda x: F.softmax(x, -1), {"x": n(3, 5, sd=3.0)})
    case("log-softmax-large", lambda x: F.log_softmax(x, -1), {"x": n(3, 5, sd=60.0)})
    case("l2-normalize", lambda x: F.normalize(x, dim=-1), {"x": n(3, 6)})


def losses():
    case("cross-entropy", lambda logits, target: F.cross_entropy(logits, target),
         {"logits": n(5, 7, sd=3.0), "target": torch.tensor([0, 6, 3, 3, 1])}, {"reduction": "mean"})
    case("cross-entropy-ignore", lambda logits, target: F.cross_entropy(logits, target, ignore_index=-100),
         {"logits": n(5, 7, sd=3.0), "target": torch.tensor([0, -100, 3, -100, 1])}, {"reduction": "mean", "ignoreIndex": -100})
    case("soft-cross-entropy", lambda logits, target: F.cross_entropy(logits, target),
         {"logits": n(4, 6, sd=3.0), "target": F.softmax(n(4, 6), -1)}, {"reduction": "mean", "target": "probabilities"})
    case("bce-with-logits", lambda logits, target: F.binary_cross_entropy_with_logits(logits, target),
         {"logits": n(4, 5, sd=4.0), "target": (n(4, 5) > 0).double()}, {"reduction": "mean"})
    case("smooth-l1", lambda x, target: F.smooth_l1_loss(x, target), {"x": n(3, 6, sd=2.0), "target": n(3, 6)}, {"beta": 1.0})


def lookups():
    case("embedding", lambda weight, ids: F.embedding(ids, weight),
         {"weight": n(9, 4), "ids": torch.tensor([[3, 0, 3], [8, 3, 1]])})


def attention():
    """torch.nn.functional.multi_head_attention_forward with a padding mask, and with the causal mask as well."""
    width, heads, length, batch = 8, 2, 5, 2
    padding = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    causal = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
    weights = {"in_proj_weight": n(3 * width, width, sd=0.4), "in_proj_bias": n(3 * width, sd=0.4),
               "out_proj_weight": n(width, width, sd=0.4), "out_proj_bias": n(width, sd=0.4)}

    def run(use_causal):
        def operation(x, in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias):
            sequence = x.transpose(0, 1)
            result, _ = F.multi_head_attention_forward(
                sequence, sequence, sequence, width, heads, in_proj_weight, in_proj_bias, None, None, False, 0.0,
                out_proj_weight, out_proj_bias, training=True, key_padding_mask=padding == 0,
                need_weights=True, attn_mask=causal if use_causal else None)
            return result.transpose(0, 1)
        return operation

    x = n(batch, length, width)
    case("attention-padding", run(False), {"x": x, **weights}, {"heads": heads, "causal": False}, {"key_mask": padding})
    case("attention-causal-padding", run(True), {"x": x, **weights}, {"heads": heads, "causal": True}, {"key_mask": padding})


def contrastive():
    """CLIP's symmetric loss as transformers and open_clip have it, from unnormalised embeddings and the log scale."""
    def clip(image, text, logit_scale):
        logits = F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T * logit_scale.exp()
        labels = torch.arange(len(image))
        return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2

    case("clip-loss", clip, {"image": n(4, 6), "text": n(4, 6), "logit_scale": torch.tensor(math.log(1 / 0.07), dtype=torch.float32).double()})


if __name__ == "__main__":
    for part in (convolutions, norms, activations, losses, lookups, attention, contrastive):
        part()
    dump(GOLDEN / "layers.json", {"torch": torch.__version__, **cases})
