"""The other side of the step bench: the same step with PyTorch, as its users would write it when they care for speed.

  python bench/step/peer.py CASE_JSON THREADS FOLDER [compile | profile]
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


def unet3d():
    base, depth, classes, size = (case[key] for key in ("base", "depth", "classes", "size"))
    nn = torch.nn

    def double(i, o):
        return nn.Sequential(
            nn.Conv3d(i, o, 3, padding=1, bias=False), nn.BatchNorm3d(o), nn.ReLU(inplace=True),
            nn.Conv3d(o, o, 3, padding=1, bias=False), nn.BatchNorm3d(o), nn.ReLU(inplace=True))

    class Unet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [base * 2**i for i in range(depth + 1)]
            self.inc = double(1, base)
            self.down = nn.ModuleList(double(widths[i], widths[i + 1]) for i in range(depth))
            self.up = nn.ModuleList(nn.ConvTranspose3d(w, w // 2, 2, stride=2) for w in reversed(widths[1:]))
            self.conv = nn.ModuleList(double(w, w // 2) for w in reversed(widths[1:]))
            self.outc = nn.Conv3d(base, classes, 1)

        def forward(self, x):
            skips = [self.inc(x)]
            for down in self.down:
                skips.append(down(F.max_pool3d(skips[-1], 2)))
            x = skips.pop()
            for up, conv in zip(self.up, self.conv):
                x = conv(torch.cat([skips.pop(), up(x)], 1))
            return self.outc(x)

    model = Unet().train().to(memory_format=torch.channels_last_3d)

    def feeds(step):
        x = pixels((b, 1, size, size, size), step).contiguous(memory_format=torch.channels_last_3d)
        i = torch.arange(b * size**3)
        return x, ((i // 7 + step) % classes).view(b, size, size, size)

    return model, feeds, lambda m, x, y: F.cross_entropy(m(x), y)


model, feeds, loss_of = {"clip": clip, "resnet": resnet, "unet3d": unet3d}[case["kind"]]()
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
        losses.append(float(loss.detach()))
        step += 1
    say({"seconds": seconds, "losses": losses})
rows = None
if len(sys.argv) > 4 and sys.argv[4] == "profile":
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        for _ in range(3):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model, *feeds(step))
            loss.backward()
    rows = [{"key": event.key, "calls": event.count / 3, "seconds": event.self_cpu_time_total / 3e6}
            for event in profile.key_averages() if event.self_cpu_time_total > 3000]
    rows.sort(key=lambda row: -row["seconds"])
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
say({"memory": int(peak.split()[1]) * 1024, "rows": rows})
