"""Loads a model folder written by Vesalius in Python and writes what it computes there.

  python tools/reference/load_trained.py --folder FOLDER --inputs in.json --out out.json

`in.json`: { "pixel_values": [B,C,H,W], "input_ids": [T,L], "attention_mask": [T,L] (optional) }, already preprocessed.
`out.json`: logits_per_image, image_embeds and text_embeds (projected, not normalised), logit_scale (the natural log) and
versions. Computed in float64 unless --float32. A folder that leaves a parameter unset, or holds tensors the model has no
place for, is refused: a random layer must never look like a trained one. Exit code 1 and one sentence on stderr then.

Layouts: transformers' CLIPModel; VisionTextDualEncoderModel; the same with a residual net under torchvision's names, for
which transformers has no class (vision tower by torchvision, text tower by transformers).
"""

import argparse
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import load_file
from torch import nn
from transformers import AutoConfig, AutoModel, CLIPModel, VisionTextDualEncoderModel

# Buffers that old versions saved and new ones compute.
IGNORED = (".position_ids", ".token_type_ids")


def refuse(sentence):
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


def check(missing, unexpected, folder):
    missing = sorted(k for k in missing if not k.endswith(IGNORED))
    unexpected = sorted(k for k in unexpected if not k.endswith(IGNORED))
    if missing or unexpected:
        refuse(f"{folder} does not fit its config.json: missing {missing[:8]}, unexpected {unexpected[:8]}.")


def residual_net(state, config):
    """torchvision's ResNet with the widths and depths that the shapes show, without classifier.

    Stride and pooling of the stem leave no trace in the shapes: `stem` of the vision_config tells them.
    """
    from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

    block = Bottleneck if "layer1.0.conv3.weight" in state else BasicBlock
    depths = [len({k.split(".")[1] for k in state if k.startswith(f"layer{i}.")}) for i in range(1, 5)]
    model = ResNet(block, [1, 1, 1, 1])
    width, channels, kernel, _ = state["conv1.weight"].shape
    model.inplanes = width
    stem = config.get("stem", {"stride": 2, "pool": True})
    model.conv1 = nn.Conv2d(channels, width, kernel, stem["stride"], padding=(kernel - 1) // 2, bias=False)
    if not stem["pool"]:
        model.maxpool = nn.Identity()
    model.bn1 = nn.BatchNorm2d(width)
    for i, depth in enumerate(depths):
        planes = state[f"layer{i + 1}.0.conv1.weight"].shape[0]
        setattr(model, f"layer{i + 1}", model._make_layer(block, planes, depth, stride=1 if i == 0 else 2))
    model.fc = nn.Identity()
    return model


class Composed(nn.Module):
    """The two towers and projections of a VisionTextDualEncoder whose vision tower is a torchvision residual net."""

    def __init__(self, state, config):
        super().__init__()
        prefix = "vision_model."
        vision = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        self.vision_model = residual_net(vision, config["vision_config"])
        self.text_model = AutoModel.from_config(text_config_of(config))
        joint, width = state["visual_projection.weight"].shape
        self.visual_projection = nn.Linear(width, joint, bias=False)
        self.text_projection = nn.Linear(state["text_projection.weight"].shape[1], joint, bias=False)
        self.logit_scale = nn.Parameter(torch.zeros(()))


def text_config_of(config):
    values = dict(config["text_config"])
    return AutoConfig.for_model(values.pop("model_type"), **values)


def load(folder):
    config = json.loads((folder / "config.json").read_text())
    kind = config.get("model_type")
    if kind == "clip":
        model, info = CLIPModel.from_pretrained(folder, output_loading_info=True)
    elif kind == "vision-text-dual-encoder":
        state = load_file(folder / "model.safetensors")
        if "vision_model.conv1.weight" in state:
            model = Composed(state, config)
            result = model.load_state_dict(state, strict=False)
            check(result.missing_keys, result.unexpected_keys, folder)
            return model.eval()
        model, info = VisionTextDualEncoderModel.from_pretrained(folder, output_loading_info=True)
    else:
        refuse(f"{folder}/config.json has model_type {kind!r}; only clip and vision-text-dual-encoder can be loaded.")
    check(info["missing_keys"], info["unexpected_keys"], folder)
    if info["mismatched_keys"]:
        refuse(f"{folder} has tensors of other shapes than its config.json says: {sorted(map(str, info['mismatched_keys']))[:8]}.")
    return model.eval()


def embeddings(model, pixels, ids, mask):
    if isinstance(model, Composed):
        image = model.vision_model(pixels)
    else:
        image = model.vision_model(pixel_values=pixels).pooler_output
    text = model.text_model(input_ids=ids, attention_mask=mask).pooler_output
    return model.visual_projection(image), model.text_projection(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--inputs", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--float32", action="store_true")
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()

    dtype = torch.float32 if options.float32 else torch.float64
    model = load(options.folder).to(dtype)
    inputs = json.loads(options.inputs.read_text())
    # Vesalius computes in float32, so that is what the numbers in the file mean.
    pixels = torch.tensor(inputs["pixel_values"], dtype=torch.float32).to(dtype)
    ids = torch.tensor(inputs["input_ids"])
    mask = torch.tensor(inputs["attention_mask"]) if inputs.get("attention_mask") is not None else None
    with torch.no_grad():
        image, text = embeddings(model, pixels, ids, mask)
        cosines = nn.functional.normalize(image, dim=-1) @ nn.functional.normalize(text, dim=-1).T
        logits = cosines * model.logit_scale.exp()
        if not isinstance(model, Composed):
            own = model(pixel_values=pixels, input_ids=ids, attention_mask=mask).logits_per_image
            if not torch.allclose(own, logits, atol=1e-4, rtol=1e-4):
                refuse(f"{options.folder}: transformers' own logits differ from those of its embeddings.")
            logits = own
    options.out.write_text(json.dumps({
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        "model": type(model).__name__,
        "logits_per_image": logits.tolist(),
        "image_embeds": image.tolist(),
        "text_embeds": text.tolist(),
        "logit_scale": model.logit_scale.item(),
    }) + "\n")


if __name__ == "__main__":
    main()
