"""Writes test/golden/optimizers.json: parameters after each of six steps, and what timm's running average makes of them.

Gradients and learning rates of each step are given; three tensors in three groups: decayed, decayed at a tenth of the
rate, not decayed. AdamW, Adam and SGD are torch.optim's, LAMB and the running average timm's, Lion lion-pytorch's (the
code of the paper's PyTorch users). Run from the root: python tools/reference/optimizers.py
"""

import torch
from lion_pytorch import Lion
from timm.optim import Lamb
from timm.utils import ModelEmaV3

from goldens import GOLDEN, dump, normal

STEPS = 6
SHAPES = {"first.weight": (4, 5), "second.weight": (3, 7), "first.bias": (5,)}
RATES = [0.01, 0.02, 0.03, 0.03, 0.02, 0.005]

generator = torch.Generator().manual_seed(77)
start = {name: normal(generator, *shape) for name, shape in SHAPES.items()}
gradients = [{name: normal(generator, *shape, sd=0.5) for name, shape in SHAPES.items()} for _ in range(STEPS)]
flat = lambda values: {name: value.flatten().tolist() for name, value in values.items()}


def run(make, weight_decay):
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in start.items()}
    groups = [
        {"params": [parameters["first.weight"]], "weight_decay": weight_decay, "factor": 1.0},
        {"params": [parameters["second.weight"]], "weight_decay": weight_decay, "factor": 0.1},
        {"params": [parameters["first.bias"]], "weight_decay": 0.0, "factor": 1.0},
    ]
    optimizer = make(groups)
    after = []
    for rate, gradient in zip(RATES, gradients):
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        for name, parameter in parameters.items():
            parameter.grad = gradient[name].clone()
        optimizer.step()
        after.append(flat({name: value.detach() for name, value in parameters.items()}))
    return after


cases = []


def case(config, make):
    cases.append({"config": config, "after": run(make, config.get("weightDecay", 0.0))})


adam = dict(betas=(0.9, 0.98), eps=1e-6)
numbers = {"beta1": 0.9, "beta2": 0.98, "epsilon": 1e-6}
case({"kind": "adamw", "weightDecay": 0.2, **numbers}, lambda g: torch.optim.AdamW(g, **adam))
case({"kind": "adam", "weightDecay": 0, **numbers}, lambda g: torch.optim.Adam(g, **adam))
case({"kind": "adam", "weightDecay": 0.2, **numbers}, lambda g: torch.optim.Adam(g, **adam))
case({"kind": "sgd", "momentum": 0, "weightDecay": 0.2}, lambda g: torch.optim.SGD(g, lr=1))
case({"kind": "sgd", "momentum": 0.9, "weightDecay": 0.2}, lambda g: torch.optim.SGD(g, lr=1, momentum=0.9))
case({"kind": "sgd", "momentum": 0.9, "dampening": 0.3}, lambda g: torch.optim.SGD(g, lr=1, momentum=0.9, dampening=0.3))
case({"kind": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 0.1},
     lambda g: torch.optim.SGD(g, lr=1, momentum=0.9, nesterov=True))
lamb = dict(**adam, max_grad_norm=None)
case({"kind": "lamb", "weightDecay": 0.2, **numbers}, lambda g: Lamb(g, **lamb))
case({"kind": "lamb", "weightDecay": 0.2, "alwaysAdapt": True, **numbers}, lambda g: Lamb(g, **lamb, always_adapt=True))
case({"kind": "lamb", "weightDecay": 0.2, "trustClip": True, **numbers}, lambda g: Lamb(g, **lamb, trust_clip=True))
case({"kind": "lion", "weightDecay": 0.2, "beta1": 0.9, "beta2": 0.97},
     lambda g: Lion(g, lr=1e-3, betas=(0.9, 0.97), decoupled_weight_decay=False))


def averages(after, decay, warmup):
    model = torch.nn.ParameterDict({name.replace(".", "_"): torch.nn.Parameter(v.clone()) for name, v in start.items()})
    # timm counts its calls from 0 and starts after `update_after_step`: call t + 1 is the t-th that averages.
    average = ModelEmaV3(model, decay=decay, use_warmup=warmup, warmup_power=2 / 3, update_after_step=0, foreach=False)
    found = []
    for t, values in enumerate(after):
        with torch.no_grad():
            for name, value in values.items():
                model[name.replace(".", "_")].copy_(torch.tensor(value).reshape(SHAPES[name]))
        average.update(model, step=t + 2)
        found.append({name: average.module[name.replace(".", "_")].detach().flatten().tolist() for name in start})
    return found


plain = cases[0]["after"]
dump(
    GOLDEN / "optimizers.json",
    {
        "shapes": SHAPES,
        "rates": RATES,
        "start": flat(start),
        "gradients": [flat(g) for g in gradients],
        "cases": cases,
        "averages": [
            {"config": {"decay": 0.7, "warmup": False}, "after": averages(plain, 0.7, False)},
            {"config": {"decay": 0.7, "warmup": True}, "after": averages(plain, 0.7, True)},
        ],
    },
)
