"""Writes test/golden/schedules.json: the share of the peak rate at each of 40 steps, from torch's and transformers'
schedulers. Run from the root: python tools/reference/schedules.py
"""

import torch
from torch.optim import lr_scheduler as torch_schedules
from transformers import get_inverse_sqrt_schedule, get_linear_schedule_with_warmup

from goldens import GOLDEN, dump

TOTAL = 40


def rates(make):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = make(optimizer)
    found = []
    for _ in range(TOTAL):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


dump(
    GOLDEN / "schedules.json",
    {
        "total": TOTAL,
        "cosine": rates(lambda o: torch_schedules.CosineAnnealingLR(o, TOTAL, eta_min=0.05)),
        "polynomial": rates(lambda o: torch_schedules.PolynomialLR(o, TOTAL, power=3)),
        "step": rates(lambda o: torch_schedules.MultiStepLR(o, [20, 30], gamma=0.3)),
        # One step more than it is asked for: torch refuses a call of step() after its last.
        "oneCycle": rates(lambda o: torch_schedules.OneCycleLR(o, 1.0, total_steps=TOTAL + 1, pct_start=0.3)),
        "linear": rates(lambda o: get_linear_schedule_with_warmup(o, 8, TOTAL)),
        "inverseSqrt": rates(lambda o: get_inverse_sqrt_schedule(o, 8)),
    },
)
