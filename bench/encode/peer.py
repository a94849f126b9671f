"""One side of the encoding bench: transformers' CLIPModel with the weights of FOLDER. Driven by lines on stdin.

    python bench/encode/peer.py CASE_AS_JSON THREADS FOLDER
"""

import json
import sys
import time

import numpy as np
import torch
from transformers import CLIPModel

case, threads, folder = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
STUDIES, CHUNK = 1000, 50
model = CLIPModel.from_pretrained(folder).eval()
image, tokens, eos = case["model"]["image"], case["tokens"], case["model"]["text"]["eos"]
length = image["channels"] * image["size"] ** 2


def say(answer):
    print(json.dumps(answer), flush=True)


def pixels(c):
    i = np.arange(CHUNK * length)
    values = np.sin(((i % 9973) + c) * 0.1).astype(np.float32)
    return torch.from_numpy(values.reshape(CHUNK, image["channels"], image["size"], image["size"]))


def ids(c):
    i = np.arange(CHUNK * tokens)
    values = np.where(i % tokens == tokens - 1, eos, 3 + (i * 7919 + c * 31) % 20_000)
    return torch.from_numpy(values.reshape(CHUNK, tokens))


pictures = [pixels(c) for c in range(STUDIES // CHUNK)]
words = [ids(c) for c in range(STUDIES // CHUNK)]
mask = torch.ones(CHUNK, tokens, dtype=torch.long)


def rows(x):
    return x if torch.is_tensor(x) else x.pooler_output


say({"ready": True, "version": torch.__version__})
for line in sys.stdin:
    if not line.startswith("go"):
        break
    began = time.perf_counter()
    with torch.inference_mode():
        for c in range(STUDIES // CHUNK):
            seen = rows(model.get_image_features(pixel_values=pictures[c]))
            read = rows(model.get_text_features(input_ids=words[c], attention_mask=mask))
            if c == 0:
                sample = seen.flatten()[:8].tolist() + read.flatten()[:8].tolist()
    say({"seconds": [time.perf_counter() - began], "sample": sample})
say({"done": True})
