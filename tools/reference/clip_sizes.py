"""Writes test/golden/clip-tiny/other-size.json: the image tower of the golden CLIP on pictures of another size than its own,
by transformers, which resizes the positions. Run after clip.py, from the root: python tools/reference/clip_sizes.py
"""

import torch
from transformers import CLIPModel

from goldens import GOLDEN, dump, normal, short

FOLDER = GOLDEN / "clip-tiny"

if __name__ == "__main__":
    model = CLIPModel.from_pretrained(FOLDER).double().eval()
    pixels = normal(torch.Generator().manual_seed(5), 1, 3, 40, 24)
    with torch.no_grad():
        vision = model.vision_model(pixels, interpolate_pos_encoding=True)
        embeds = model.visual_projection(vision.pooler_output)
    dump(FOLDER / "other-size.json", {
        "pixel_values": short(pixels),
        "image_embeds": embeds.tolist(),
        "last_hidden_state": vision.last_hidden_state.flatten()[:64].tolist(),
    })
