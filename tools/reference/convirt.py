"""Writes test/golden/convirt.json: the loss of ConVIRT and its gradients by PyTorch's cross-entropy and normalisation.
Checked on the side against the loss of the public re-implementation edreisMD/ConVIRT-pytorch, which is twice the paper's:

    python tools/reference/convirt.py [nt_xent.py]
"""

import importlib.util
import sys
import types

import torch
import torch.nn.functional as F

from goldens import GOLDEN, dump

TAU, LAMBDA = 0.1, 0.75
generator = torch.Generator().manual_seed(5)


def released(path):
    # The file imports a package that its loss does not use.
    package = types.ModuleType("pytorch_metric_learning")
    package.losses = None
    sys.modules.setdefault("pytorch_metric_learning", package)
    spec = importlib.util.spec_from_file_location("nt_xent", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.NTXentLoss


cases = []
for n, d in ((2, 3), (5, 4), (8, 16)):
    v = torch.randn(n, d, generator=generator, dtype=torch.float64, requires_grad=True)
    u = torch.randn(n, d, generator=generator, dtype=torch.float64, requires_grad=True)
    logits = F.normalize(v, dim=1) @ F.normalize(u, dim=1).T / TAU
    truth = torch.arange(n)
    rows, columns = F.cross_entropy(logits, truth), F.cross_entropy(logits.T, truth)
    loss = LAMBDA * rows + (1 - LAMBDA) * columns
    loss.backward()
    if len(sys.argv) > 1:
        theirs = released(sys.argv[1])("cpu", n, TAU, False, LAMBDA)(v.detach(), u.detach(), temperature=TAU, alpha=LAMBDA)
        assert abs(theirs.item() / 2 - loss.item()) < 1e-6, (theirs.item() / 2, loss.item())
    cases.append(
        {
            "images": v.tolist(),
            "texts": u.tolist(),
            "imageToText": rows.item(),
            "textToImage": columns.item(),
            "loss": loss.item(),
            "dImages": v.grad.tolist(),
            "dTexts": u.grad.tolist(),
        }
    )
dump(GOLDEN / "convirt.json", {"tau": TAU, "lambda": LAMBDA, "cases": cases})
