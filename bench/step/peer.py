"""The other side of the step bench: the same step with PyTorch, as its users would write it when they care for speed.

  python bench/step/peer.py CASE_JSON THREADS FOLDER [compile]
"""

import json
import math
import sys
import time

import numpy
import torch
import torch.nn.functional as F

case, threads, folder = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
compiled = len(sys.argv) > 4 and sys.argv[4] == "compile"
torch.manual_seed(1)
torch.set_num_threads(threads)
b = case["batch"]


def pixels(shape, step):
    i = numpy.arange(math.prod(shape), dtype=numpy.int64)
    return torch.from_numpy(numpy.sin((i % 9973) * (1 + step % 16) * 0.1).astype(numpy.float32).reshape(shape))


def clip():
    from transformers import CLIPModel, VisionTextDualEncoderModel

    text = case["model"]["text"]
    kind = CLIPModel if text["kind"] == "clip-text" else VisionTextDualEncoderModel
    model = kind.from_pretrained(folder, attn_implementation="sdpa").train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    size, tokens = case["model"]["image"]["size"], case["tokens"]
    last = text["eos"] if text["kind"] == "clip-text" else 102

    def feeds(step):
        i = numpy.arange(b * tokens, dtype=numpy.int64)
        ids = numpy.where(i % tokens == tokens - 1, last, 3 + (i * 7919 + step * 31) % 20_000).reshape(b, tokens)
        return pixels((b, 3, size, size), step), torch.from_numpy(ids)

    return model, feeds, lambda m, x, ids: m(pixel_values=x, input_ids=ids, return_loss=True).loss


def resnet():
    import torchvision

    joint, size = case["model"]["joint"], case["model"]["image"]["size"]
    model = torchvision.models.resnet50(weights=None, zero_init_residual=True)
    model.fc = torch.nn.Linear(2048, joint, bias=False)
    model = model.train().to(memory_format=torch.channels_last)

    def feeds(step):
        x = pixels((b, 3, size, size), step).contiguous(memory_format=torch.channels_last)
        return x, torch.tensor([(i * 37 + step) % joint for i in range(b)])

    return model, feeds, lambda m, x, y: F.cross_entropy(m(x), y)


model, feeds, loss_of = {"clip": clip, "resnet": resnet}[case["kind"]]()
if compiled:
    model = torch.compile(model)
decay = [p for p in model.parameters() if p.ndim >= 2]
plain = [p for p in model.parameters() if p.ndim < 2]
o = case["optimizer"]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": o["weightDecay"]}, {"params": plain, "weight_decay": 0.0}],
    lr=case["rate"], betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], fused=True)


def say(answer):
    print(json.dumps(answer), flush=True)


say({"ready": True, "parameters": sum(p.numel() for p in model.parameters()), "version": torch.__version__})
step = 0
for line in sys.stdin:
    command, *rest = line.split()
    if command != "go":
        break
    seconds, losses = [], []
    for _ in range(int(rest[0])):
        fed = feeds(step)
        began = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model, *fed)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), case["clipNorm"])
        optimizer.step()
        seconds.append(time.perf_counter() - began)
        losses.append(float(loss))
        step += 1
    say({"seconds": seconds, "losses": losses})
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
say({"memory": int(peak.split()[1]) * 1024})
