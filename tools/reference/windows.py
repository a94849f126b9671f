"""Writes test/golden/windows.json: convolution, pooling, resizing and sampling of torch and torchvision, forward and backward.

Every case: `inputs` (name -> shape, values), `output`, `cotangent` (the gradient sent into the output) and `gradients`
(name -> values), flattened in row-major order. What each case does stands beside its name here, and beside the same name
in src/engine/windows.test.ts. Run from the root: python tools/reference/windows.py
"""

import torch
import torch.nn.functional as F
from torchvision.ops import roi_align
from transformers.models.deformable_detr.modeling_deformable_detr import MultiScaleDeformableAttention

from goldens import GOLDEN, dump, normal

generator = torch.Generator().manual_seed(52)
cases = {}


def n(*shape, sd=1.0):
    return normal(generator, *shape, sd=sd)


def packed(tensor):
    if not tensor.dtype.is_floating_point:
        return {"shape": list(tensor.shape), "dtype": "int32", "values": tensor.flatten().tolist()}
    return {"shape": list(tensor.shape), "values": [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]}


def case(name, operation, **inputs):
    leaves = {k: v.clone().requires_grad_(v.dtype.is_floating_point) for k, v in inputs.items()}
    output = operation(**leaves)
    cotangent = normal(generator, *output.shape)
    (output * cotangent).sum().backward()
    cases[name] = {
        "inputs": {k: packed(v) for k, v in inputs.items()},
        "output": packed(output),
        "cotangent": packed(cotangent),
        "gradients": {k: packed(v.grad) for k, v in leaves.items() if v.grad is not None},
    }


def distinct(*shape):
    """Where two values are equal, the gradient of a maximum is a matter of taste."""
    count = torch.Size(shape).numel()
    return torch.randperm(count, generator=generator).double().reshape(shape) / 8 - count / 16


def convolutions():
    case("conv1d, dilated, groups", lambda x, w: F.conv1d(x, w, stride=2, padding=2, dilation=3, groups=2), x=n(2, 4, 11), w=n(6, 2, 3))
    case("conv2d, unequal", lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 0), dilation=(1, 2)), x=n(1, 2, 5, 6), w=n(3, 2, 3, 2))
    case("conv2d, depthwise", lambda x, w: F.conv2d(x, w, padding=1, groups=3), x=n(2, 3, 4, 5), w=n(3, 1, 3, 3))
    case("conv3d", lambda x, w: F.conv3d(x, w, stride=(1, 2, 1), padding=1), x=n(1, 2, 3, 4, 3), w=n(2, 2, 2, 3, 3))
    case("convTranspose1d", lambda x, w: F.conv_transpose1d(x, w, stride=3, padding=1, output_padding=2, dilation=2), x=n(2, 3, 4), w=n(3, 2, 3))
    case("convTranspose2d, twice the size", lambda x, w: F.conv_transpose2d(x, w, stride=2), x=n(1, 3, 3, 2), w=n(3, 2, 2, 2))
    case("convTranspose2d, groups", lambda x, w: F.conv_transpose2d(x, w, stride=(2, 1), padding=1, output_padding=(1, 0), groups=2), x=n(2, 4, 3, 4), w=n(4, 3, 3, 3))
    case("convTranspose2d, stride 1", lambda x, w: F.conv_transpose2d(x, w, padding=1, groups=2), x=n(1, 2, 3, 4), w=n(2, 2, 3, 3))
    case("convTranspose3d", lambda x, w: F.conv_transpose3d(x, w, stride=2, padding=(0, 1, 1), output_padding=(1, 0, 1)), x=n(1, 2, 2, 3, 2), w=n(2, 2, 2, 3, 3))


def pooling():
    case("maxPool1d", lambda x: F.max_pool1d(x, 3, 2, 1, dilation=2), x=distinct(2, 2, 11))
    case("maxPool2d, ceil", lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), x=distinct(1, 2, 6, 7))
    case("maxPool2d, ceil, last window dropped", lambda x: F.max_pool2d(x, 2, 3, padding=1, ceil_mode=True), x=distinct(1, 2, 5, 6))
    case("maxPool3d", lambda x: F.max_pool3d(x, 2, ceil_mode=True), x=distinct(1, 1, 3, 4, 5))
    case("averagePool1d", lambda x: F.avg_pool1d(x, 4, 2, 1), x=n(2, 2, 9))
    case("averagePool2d", lambda x: F.avg_pool2d(x, 2), x=n(1, 2, 5, 6))
    case("averagePool2d, padding counts", lambda x: F.avg_pool2d(x, 3, 2, 1), x=n(1, 2, 5, 6))
    case("averagePool2d, padding does not count", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), x=n(1, 2, 5, 6))
    case("averagePool2d, ceil", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), x=n(1, 2, 6, 8))
    case("averagePool2d, ceil, padding does not count", lambda x: F.avg_pool2d(x, (2, 3), (3, 2), (0, 1), ceil_mode=True, count_include_pad=False), x=n(1, 2, 7, 8))
    case("averagePool3d", lambda x: F.avg_pool3d(x, 2, 2), x=n(1, 2, 4, 3, 5))
    case("adaptiveAveragePool, 1", lambda x: F.adaptive_avg_pool1d(x, 3), x=n(1, 2, 7))
    case("adaptiveAveragePool, 2", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), x=n(1, 2, 7, 4))
    case("adaptiveAveragePool, dividing", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), x=n(1, 2, 6, 4))
    case("adaptiveAveragePool, larger", lambda x: F.adaptive_avg_pool2d(x, (5, 2)), x=n(1, 2, 3, 3))
    case("adaptiveAveragePool, 3, global", lambda x: F.adaptive_avg_pool3d(x, 1), x=n(1, 2, 2, 3, 4))
    case("adaptiveMaxPool, 2", lambda x: F.adaptive_max_pool2d(x, (3, 2)), x=distinct(1, 2, 7, 5))
    case("adaptiveMaxPool, dividing", lambda x: F.adaptive_max_pool2d(x, (3, 1)), x=distinct(1, 2, 6, 5))
    case("adaptiveMaxPool, 3", lambda x: F.adaptive_max_pool3d(x, (2, 3, 2)), x=distinct(1, 1, 3, 4, 5))


def resizing():
    modes = {1: {"nearest": "nearest", "linear": "linear"},
             2: {"nearest": "nearest", "nearest-exact": "nearest-exact", "linear": "bilinear", "cubic": "bicubic"},
             3: {"nearest": "nearest", "linear": "trilinear"}}
    sizes = {1: ([5], [[8], [3]]), 2: ([4, 5], [[8, 10], [7, 3], [1, 9]]), 3: ([3, 2, 4], [[5, 4, 3]])}
    for rank, (source, targets) in sizes.items():
        for ours, theirs in modes[rank].items():
            for size in targets:
                case(f"interpolate {ours} {source} -> {size}", lambda x: F.interpolate(x, size=size, mode=theirs), x=n(1, 2, *source))
                if ours in ("linear", "cubic"):
                    case(f"interpolate {ours} {source} -> {size} aligned",
                         lambda x: F.interpolate(x, size=size, mode=theirs, align_corners=True), x=n(1, 2, *source))
    for ours, theirs in (("linear", "bilinear"), ("cubic", "bicubic")):
        for size in ([3, 4], [2, 13], [9, 5]):
            case(f"interpolate {ours} [7, 9] -> {size} averaged",
                 lambda x: F.interpolate(x, size=size, mode=theirs, antialias=True), x=n(1, 1, 7, 9))
    for ours, theirs in (("nearest", "nearest"), ("linear", "bilinear"), ("cubic", "bicubic")):
        for scale in ([2.0, 1.7], [0.6, 1.3]):
            case(f"interpolate {ours} [5, 4] by {scale}", lambda x: F.interpolate(x, scale_factor=scale, mode=theirs), x=n(1, 2, 5, 4))


def rearranging():
    case("unfold", lambda x: F.unfold(x, (3, 2), dilation=(1, 2), padding=1, stride=2), x=n(2, 2, 5, 6))
    case("fold", lambda x: F.fold(x, (5, 6), (3, 2), dilation=(1, 2), padding=1, stride=2), x=n(2, 12, 9))
    case("pixelShuffle", lambda x: F.pixel_shuffle(x, 2), x=n(2, 8, 2, 3))
    case("pixelUnshuffle", lambda x: F.pixel_unshuffle(x, 2), x=n(2, 2, 4, 6))


def sampling():
    for padding in ("zeros", "border", "reflection"):
        for aligned in (False, True):
            for ours, theirs in (("linear", "bilinear"), ("nearest", "nearest")):
                case(f"gridSample {ours} {padding}{' aligned' if aligned else ''}",
                     lambda x, grid: F.grid_sample(x, grid, mode=theirs, padding_mode=padding, align_corners=aligned),
                     x=n(2, 3, 4, 5), grid=n(2, 3, 4, 2, sd=0.9))
                case(f"gridSample {ours} {padding}{' aligned' if aligned else ''}, three axes",
                     lambda x, grid: F.grid_sample(x, grid, mode=theirs, padding_mode=padding, align_corners=aligned),
                     x=n(1, 2, 3, 2, 4), grid=n(1, 2, 2, 2, 3, sd=0.9))

    def deformable(values, locations, weights):
        """One level; transformers wants [B, H * W, heads, d], locations with a level axis, weights likewise."""
        b, heads, d, h, w = values.shape
        rows = values.permute(0, 3, 4, 1, 2).reshape(b, h * w, heads, d)
        return MultiScaleDeformableAttention()(rows, torch.tensor([[h, w]]), [(h, w)], torch.tensor([0]), locations.unsqueeze(3), weights.unsqueeze(3), 64)

    case("deformableSample", deformable, values=n(2, 2, 3, 4, 5), locations=n(2, 3, 2, 4, 2, sd=0.3) + 0.5, weights=n(2, 3, 2, 4))

    boxes = torch.tensor([[1.25, 2.5, 9.75, 11.25], [-3.5, 0.75, 4.25, 7.5], [6.5, 5.25, 20.75, 16.5], [3.25, 3.25, 3.75, 3.5]]).double()
    images = torch.tensor([0, 1, 0, 1], dtype=torch.int32)
    for size, scale, samples in (((3, 2), 0.5, 2), ((2, 2), 0.25, 3)):
        case(f"roiAlign, {samples} samples",
             lambda x, boxes, images: roi_align(x, torch.cat([images[:, None].double(), boxes.detach()], 1), size, scale, samples, True),
             x=n(2, 3, 6, 7), boxes=boxes, images=images)


if __name__ == "__main__":
    for part in (convolutions, pooling, resizing, rearranging, sampling):
        part()
    dump(GOLDEN / "windows.json", cases)
