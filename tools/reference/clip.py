"""Writes test/golden/clip-tiny/ and test/golden/vtde/ from transformers' CLIPModel and VisionTextDualEncoderModel.

Run from the root of the repository: python tools/reference/clip.py
"""

import json
import pathlib
import re
import shutil
import tempfile

import torch
import transformers
from safetensors import safe_open
from transformers import (
    BertConfig,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    ResNetConfig,
    ViTConfig,
    VisionTextDualEncoderConfig,
    VisionTextDualEncoderModel,
)

from goldens import GOLDEN, adamw_steps, dump, gradients, normal, randomize, short

BOS, EOS, PAD = 97, 98, 1
VISION = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, patch_size=8,
              image_size=32, num_channels=3, hidden_act="quick_gelu", projection_dim=24)
TEXT = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, vocab_size=99,
            max_position_embeddings=16, hidden_act="quick_gelu", projection_dim=24,
            bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD)
BERT = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, vocab_size=99,
            max_position_embeddings=32, hidden_act="gelu", pad_token_id=0, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0)


def texts():
    """Three texts of 6, 16 and 10 tokens. Id 2 occurs, so that pooling at "the eos id 2 of old configs" would show."""
    middle = [[5, 2, 40, 17], [8, 9, 10, 11, 12, 60, 61, 62, 63, 2, 2, 30, 31, 32], [90, 3, 96, 2, 77, 50, 51, 4]]
    ids, mask = [], []
    for words in middle:
        row = [BOS, *words, EOS]
        ids.append(row + [PAD] * (16 - len(row)))
        mask.append([1] * len(row) + [0] * (16 - len(row)))
    return torch.tensor(ids), torch.tensor(mask)


def saved_keys(folder):
    with safe_open(pathlib.Path(folder) / "model.safetensors", framework="pt") as opened:
        return {k: list(opened.get_slice(k).get_shape()) for k in opened.keys()}


def save(model, folder):
    """Writes the float32 folder and gives back the saved keys. The file is what must agree, whatever the module is called."""
    folder.mkdir(parents=True, exist_ok=True)
    model.float().save_pretrained(folder)
    keys = saved_keys(folder)
    model.double()
    return keys


def clip_tiny():
    folder = GOLDEN / "clip-tiny"
    shutil.rmtree(folder, ignore_errors=True)
    config = CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=24)
    model = CLIPModel(config).eval()
    randomize(model, 11)
    with torch.no_grad():
        model.logit_scale.fill_(2.0)
    keys = save(model, folder)
    assert sorted(keys) == sorted(n for n, _ in model.named_parameters()), "saved names differ from parameter names"
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)

    pixels = normal(torch.Generator().manual_seed(12), 3, 3, 32, 32)
    ids, mask = texts()
    inputs = dict(pixel_values=pixels, input_ids=ids, attention_mask=mask)

    output = model(**inputs, return_loss=True)
    image = model.get_image_features(pixel_values=pixels).pooler_output
    text = model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
    # The eager attention takes its softmax in float32, so it is the cross-check and not the reference.
    plain = CLIPModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        other = plain(pixel_values=pixels.float(), input_ids=ids, attention_mask=mask)
    assert torch.allclose(other.logits_per_image.double(), output.logits_per_image, atol=1e-4), "the file does not hold the model"
    legacy_config = CLIPConfig(text_config={**TEXT, "eos_token_id": 2}, vision_config=VISION, projection_dim=24)
    legacy = CLIPModel(legacy_config).double().eval()
    legacy.load_state_dict(model.state_dict())
    output.loss.backward()
    layer = "vision_model.encoder.layers.0"
    full = {
        "logit_scale", "visual_projection.weight", "vision_model.embeddings.class_embedding",
        f"{layer}.self_attn.q_proj.weight", f"{layer}.self_attn.q_proj.bias", f"{layer}.layer_norm1.weight",
        "text_model.final_layer_norm.bias",
    }
    grads = gradients(model, full)
    token = model.text_model.embeddings.token_embedding.weight.grad
    rows = [PAD, 2, 5, BOS, EOS, 98 - 60]
    expected = {
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        "pixel_values": short(pixels),
        "input_ids": ids.tolist(),
        "attention_mask": mask.tolist(),
        "image_embeds": image.tolist(),
        "text_embeds": text.tolist(),
        "text_embeds_legacy_eos_2": legacy.get_text_features(input_ids=ids, attention_mask=mask).pooler_output.tolist(),
        "image_last_hidden_state": model.vision_model(pixel_values=pixels).last_hidden_state[:1].tolist(),
        "text_last_hidden_state": model.text_model(input_ids=ids, attention_mask=mask).last_hidden_state[:1].tolist(),
        "logits_per_image": output.logits_per_image.tolist(),
        "loss": output.loss.item(),
        "gradients": grads,
        "token_embedding_gradient_rows": {str(r): token[r].tolist() for r in rows},
    }
    expected["adamw"] = {
        "learning_rate": 1e-3, "betas": [0.9, 0.98], "eps": 1e-6, "weight_decay": 0.2, "max_norm": 1.0,
        "steps": adamw_steps(model, lambda: model(**inputs, return_loss=True).loss),
    }
    dump(folder / "expected.json", expected)


def vtde_keys(vision):
    config = VisionTextDualEncoderConfig.from_vision_text_configs(vision, BertConfig(**BERT), projection_dim=24)
    model = VisionTextDualEncoderModel(config)
    with tempfile.TemporaryDirectory() as folder:
        return {"saved": save(model, pathlib.Path(folder)),
                "module": {k: list(v.shape) for k, v in model.state_dict().items()}}


def vtde():
    folder = GOLDEN / "vtde"
    shutil.rmtree(folder, ignore_errors=True)
    config = VisionTextDualEncoderConfig.from_vision_text_configs(
        CLIPVisionConfig(**VISION), BertConfig(**BERT), projection_dim=24)
    model = VisionTextDualEncoderModel(config).eval()
    randomize(model, 21)
    with torch.no_grad():
        model.logit_scale.fill_(2.0)
    saved = save(model, folder / "clip-bert")
    pixels = normal(torch.Generator().manual_seed(22), 3, 3, 32, 32)
    ids, mask = texts()
    ids = torch.where(mask == 1, ids, 0)
    output = model(pixel_values=pixels, input_ids=ids, attention_mask=mask, return_loss=True)
    plain = VisionTextDualEncoderModel.from_pretrained(folder / "clip-bert", attn_implementation="eager").eval()
    with torch.no_grad():
        other = plain(pixel_values=pixels.float(), input_ids=ids, attention_mask=mask)
    assert torch.allclose(other.logits_per_image.double(), output.logits_per_image, atol=1e-4), "the file does not hold the model"
    output.loss.backward()
    dump(folder / "clip-bert" / "expected.json", {
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        "pixel_values": short(pixels),
        "input_ids": ids.tolist(),
        "attention_mask": mask.tolist(),
        "image_embeds": model.get_image_features(pixel_values=pixels).pooler_output.tolist(),
        "text_embeds": model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output.tolist(),
        "logits_per_image": output.logits_per_image.tolist(),
        "loss": output.loss.item(),
        "gradients": gradients(model),
    })
    vit = ViTConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, patch_size=8, image_size=32)
    keys = {
        "versions": {"transformers": transformers.__version__},
        "clip-bert": {"saved": saved, "module": {k: list(v.shape) for k, v in model.state_dict().items()}},
        "vit-bert": vtde_keys(vit),
    }
    try:
        keys["resnet-bert"] = vtde_keys(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16, 16, 24], depths=[1, 1, 1, 1], layer_type="basic"))
    except Exception as error:  # noqa: BLE001  what Python says is the golden here
        keys["resnet-bert"] = {"error": f"{type(error).__name__}: {error}"}
    for name, value in keys.items():
        if "module" in value and sorted(value["module"]) == sorted(value["saved"]):
            value["module"] = "same as saved"
    text = json.dumps(keys, indent=1)
    (folder / "keys.json").write_text(re.sub(r"\[[\s\d,]*\]", lambda m: "".join(m[0].split()), text) + "\n")


if __name__ == "__main__":
    clip_tiny()
    vtde()
