"""The peer of clip-step.js: the same step with PyTorch and transformers. One JSON argument in, one JSON line out."""

import json
import statistics
import sys
import time

import torch
import transformers
from transformers import CLIPConfig, CLIPModel

s = json.loads(sys.argv[1])
torch.manual_seed(1)
torch.set_num_threads(s["threads"])
shared = dict(hidden_size=s["width"], intermediate_size=4 * s["width"], num_hidden_layers=s["layers"], num_attention_heads=s["heads"])
model = CLIPModel(CLIPConfig(
    text_config=dict(shared, vocab_size=s["vocabulary"], max_position_embeddings=s["tokens"], bos_token_id=1, eos_token_id=2, pad_token_id=2),
    vision_config=dict(shared, image_size=s["image"], patch_size=s["patch"]),
    projection_dim=s["joint"], attn_implementation="sdpa"))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1, foreach=True)
pixels = torch.sin(torch.arange(s["batch"] * 3 * s["image"] ** 2).float()).view(s["batch"], 3, s["image"], s["image"])
ids = torch.randint(3, 1900, (s["batch"], s["tokens"]))
ids[:, -1] = 2
times = []
for i in range(s["warm"] + s["timed"]):
    began = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    model(pixel_values=pixels, input_ids=ids, return_loss=True).loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if i >= s["warm"]:
        times.append(time.perf_counter() - began)
print(json.dumps({"name": f"PyTorch {torch.__version__}, transformers {transformers.__version__}", "seconds": statistics.median(times)}))
