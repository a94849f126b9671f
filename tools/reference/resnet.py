"""Writes test/golden/resnet-tiny/: torchvision residual nets of basic and of bottleneck blocks, narrow.

Run from the root of the repository: python tools/reference/resnet.py
"""

import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from goldens import GOLDEN, dump, gradients, normal, randomize, short

WIDTHS = [8, 16, 16, 24]


def narrow(block, widths):
    """torchvision's ResNet with its own blocks, stages and forward, but other widths and no classifier."""
    model = ResNet(block, [1, 1, 1, 1])
    model.inplanes = widths[0]
    model.conv1 = nn.Conv2d(3, widths[0], kernel_size=7, stride=2, padding=3, bias=False)
    model.bn1 = nn.BatchNorm2d(widths[0])
    for i, width in enumerate(widths):
        setattr(model, f"layer{i + 1}", model._make_layer(block, width, 1, stride=1 if i == 0 else 2))
    model.fc = nn.Identity()
    return model


def golden(name, block, widths, seed, size):
    model = narrow(block, widths)
    randomize(model, seed)
    generator = torch.Generator().manual_seed(seed + 1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.copy_(normal(generator, module.num_features, sd=0.3))
            module.running_var.copy_(normal(generator, module.num_features, sd=0.3).abs() + 0.5)
    folder = GOLDEN / "resnet-tiny"
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.clone() for k, v in model.state_dict().items()}, folder / f"{name}.safetensors", metadata={"format": "pt"})
    model.double()
    pixels = normal(generator, 4, 3, size, size)

    model.eval()
    with torch.no_grad():
        evaluated = model(pixels)
    model.train()
    features = model(pixels)
    loss = (features**2).mean()
    loss.backward()
    dump(folder / f"{name}.json", {
        "versions": {"torchvision": torchvision.__version__, "torch": torch.__version__},
        "widths": widths,
        "pixel_values": short(pixels),
        "features_eval": evaluated.tolist(),
        "features_train": features.tolist(),
        "loss_train": loss.item(),
        "gradients": gradients(model, {"conv1.weight", "bn1.weight", "layer2.0.downsample.0.weight", "layer4.0.bn2.bias"}),
        "buffers_after": {k: v.tolist() for k, v in model.named_buffers()},
    })


if __name__ == "__main__":
    golden("basic", BasicBlock, WIDTHS, 41, 32)
    golden("bottleneck", Bottleneck, [4, 4, 6, 8], 43, 32)
