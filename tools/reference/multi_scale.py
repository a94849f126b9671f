"""Losses of the multi-scale family by their authors' own code: values and gradients on fixed random inputs.

    python tools/reference/multi_scale.py --sources DIR [gloria lovt prior localmi refers mrm tier]

DIR holds checkouts of the released code, which is not ours to copy:
    gloria   marshuang80/gloria
    lovt     philip-mueller/lovt
    prior    QtacierP/PRIOR
    localmi  RayRuizhiLiao/mutual_info_img_txt
    refers   funnyzhou/REFERS
    mrm      RL4M/MRM-pytorch
    tier     apalepu13/TIER_Regularized_CLIP

Writes test/golden/multi-scale/NAME.json. Inputs are exact in float32, everything after them is computed in float64.
"""

import argparse
import ast
import importlib.util
import json
import sys
import types
from pathlib import Path

import torch

GOLDEN = Path(__file__).parent.parent.parent / "test" / "golden" / "multi-scale"


def normal(shape, seed, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(shape, generator=generator, dtype=torch.float32) * scale
    # Few digits, so that the file is small and the numbers are the same everywhere.
    return (torch.round(values * 2**10) / 2**10).double().requires_grad_()


def numbers(tensor):
    return [round(v, 12) for v in tensor.detach().double().flatten().tolist()]


def tensor(values):
    return {"shape": list(values.shape), "data": numbers(values)}


def load(path, name, stubs=()):
    """A module from a file, with empty modules in place of what it imports and does not need here."""
    for stub in stubs:
        if stub not in sys.modules:
            module = types.ModuleType(stub)
            module.__getattr__ = lambda attribute: type(attribute, (), {})
            sys.modules[stub] = module
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def functions(path, names, scope):
    """Some functions or classes of a file whose other parts cannot be imported here."""
    tree = ast.parse(Path(path).read_text())
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
            exec(compile(ast.Module([node], []), str(path), "exec"), scope)
            found[node.name] = scope[node.name]
    return types.SimpleNamespace(**found)


def write(name, document):
    GOLDEN.mkdir(parents=True, exist_ok=True)
    path = GOLDEN / f"{name}.json"
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path)


def gloria(source):
    """Local loss in all forms of aggregation, and the global loss."""
    theirs = load(source / "gloria/loss/gloria_loss.py", "gloria_loss")
    b, d, h, w, t = 4, 6, 3, 4, 5
    lengths = [5, 3, 1, 4]
    cases = []
    for aggregate in ["sum", "mean"]:
        regions, words = normal((b, d, h, w), 1), normal((b, d, t), 2)
        vg, tg = normal((b, d), 3), normal((b, d), 4)
        local = theirs.local_loss(regions, words, lengths, 4.0, 5.0, 10.0, aggregate)
        whole = theirs.global_loss(vg, tg, temp3=10.0)
        (local[0] + local[1] + whole[0] + whole[1]).backward()
        cells = lambda x: x.reshape(b, d, h * w).transpose(1, 2)
        cases.append(
            {
                "aggregate": aggregate,
                "image.regions": tensor(cells(regions)),
                "text.words": tensor(words.transpose(1, 2)),
                "lengths": lengths,
                "image.global": tensor(vg),
                "text.global": tensor(tg),
                "local": (local[0] + local[1]).item(),
                "global": (whole[0] + whole[1]).item(),
                "maps": [tensor(m[0].reshape(m.shape[1], h * w)) for m in local[2]],
                "d image.regions": tensor(cells(regions.grad)),
                "d text.words": tensor(words.grad.transpose(1, 2)),
                "d image.global": tensor(vg.grad),
                "d text.global": tensor(tg.grad),
            }
        )
    write("gloria", {"cases": cases})


def localmi(source):
    """Both bounds on critic values of a batch: matched pairs first, then the shifted ones."""
    theirs = load(source / "mutual_info_img_txt/mi_critics.py", "mi_critics")
    n = 4
    values = normal((n, n), 11)
    order = [(i, i) for i in range(n)] + [(i, (i + gap) % n) for gap in range(1, n) for i in range(n)]
    document = {"values": tensor(values)}
    for name, bound in [("dv", theirs.dv_bound_loss), ("infonce", theirs.infonce_bound_loss)]:
        values.grad = None
        loss = bound(torch.stack([values[i, j] for i, j in order]), n, "cpu")
        loss.backward()
        document[name] = {"loss": loss.item(), "gradient": tensor(values.grad)}
    write("localmi", document)


def lovt(source):
    """Global and local losses, spatially smooth for regions and with padding for sentences; cross attention."""
    sys.path.insert(0, str(source / "src"))
    for stub in ["common", "common.config_utils", "common.dataclass_utils", "models.components.utils"]:
        sys.modules[stub] = types.ModuleType(stub)
    from dataclasses import dataclass

    @dataclass
    class Mask:
        binary_mask: torch.Tensor
        additive_mask: torch.Tensor

    sys.modules["common.config_utils"].prepare_config = lambda config, kind, log: config
    sys.modules["common.dataclass_utils"].TensorDataclassMixin = object
    utils = sys.modules["models.components.utils"]
    utils.AttentionMask = Mask
    utils.get_norm_layer = lambda name, d: torch.nn.Identity()
    fc = load(source / "src/models/components/fc.py", "models.components.fc")
    sys.modules["metrics.classification_metrics"] = types.ModuleType("metrics.classification_metrics")
    sys.modules["metrics.classification_metrics"].TopKAccuracy = lambda **_: lambda *_: {}
    local = load(source / "src/models/objectives/local_alignment.py", "local_alignment")
    whole = load(source / "src/models/objectives/global_alignment.py", "global_alignment")
    attention = load(source / "src/models/components/attention.py", "attention")
    fc.MLP  # the heads are standard layers
    b, s, d, grid = 3, 4, 6, (3, 4)
    p = grid[0] * grid[1]
    real = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]]).bool()
    mask = Mask(real.double(), torch.where(real, 0.0, float("-inf")))
    zs, zr, gs, gr = normal((b, p, d), 21), normal((b, s, d), 22), normal((b, d), 23), normal((b, d), 24)
    ws, wr = torch.softmax(normal((b, p), 25), -1).detach(), torch.softmax(normal((b, s), 26), -1).detach()
    cross = attention.CrossAttention(d, output_norm="none", similarity="scaled_dot_product").double()
    weights = {}
    for i, (name, value) in enumerate(cross.named_parameters()):
        value.data = normal(value.shape, 30 + i, 0.5).detach()
        weights[name] = tensor(value)
    seen = cross(zs, zr, None, mask)
    regions = local.LocalIntraSampleContrastiveLoss(
        local.LocalIntraSampleContrastiveLossConfig(
            "local_intra_sample_contrastive", distance_threshold=0.5, threshold_type="relative",
            normalize_by_num_negatives=False, smooth_weights=True, smooth_lambda=1.0),
        grid)
    sentences = local.LocalIntraSampleContrastiveLoss(
        local.LocalIntraSampleContrastiveLossConfig(
            "local_intra_sample_contrastive", distance_threshold=0, threshold_type="absolute",
            normalize_by_num_negatives=False),
        s)
    one = regions(zs, seen.attended_b2a, None, ws, grid)
    other = sentences(zr, seen.attended_a2b, mask, wr, s)
    nce = whole.GlobalNceLoss(whole.GlobalNceLossConfig("global_nce", 0.1, False, False))(gs, gr)
    total = 0.75 * nce[0] + 0.25 * nce[1] + 0.375 * (one[0] + one[1] + other[0] + other[1])
    total.backward()
    write("lovt", {
        "grid": list(grid), "mask": real.int().tolist(), "attention": weights,
        "zs": tensor(zs), "zr": tensor(zr), "gs": tensor(gs), "gr": tensor(gr), "ws": tensor(ws), "wr": tensor(wr),
        "regionsToReport": one[0].item(), "reportToRegions": one[1].item(),
        "sentencesToImage": other[0].item(), "imageToSentences": other[1].item(),
        "imageToText": nce[0].item(), "textToImage": nce[1].item(), "total": total.item(),
        "attended regions": tensor(seen.attended_b2a), "attended sentences": tensor(seen.attended_a2b),
        "d zs": tensor(zs.grad), "d zr": tensor(zr.grad), "d gs": tensor(gs.grad), "d gr": tensor(gr.grad),
        "d attention": {name: tensor(value.grad) for name, value in cross.named_parameters()},
    })


def refers(source):
    """The contrastive loss; its second half is a plain number in their code, so gradients are those of the first."""
    theirs = load(source / "Pre-train/refers/utils/losses.py", "refers_losses")
    v, u = normal((4, 9), 41), normal((4, 9), 42)
    both = theirs.LossesOfConVIRT()(v.float(), u.float())
    first = theirs.LossesOfConVIRT(lambd=1.0)(v, u)
    first.backward()
    write("refers", {
        "v": tensor(v), "u": tensor(u), "loss": both.item(), "imageToText": first.item(),
        "d v": tensor(v.grad), "d u": tensor(u.grad),
    })


def mrm(source):
    """Error of hidden patches against the picture at twice the resolution, plain and normalised."""
    scope = {"torch": torch}
    theirs = functions(source / "model_mrm.py", ["patchify", "forward_loss"], scope)
    pixels, predicted = normal((2, 3, 16, 16), 51), normal((2, 16, 48), 52)
    hidden = torch.tensor([[i % 4 != 0 for i in range(16)], [i % 3 != 1 for i in range(16)]]).double()
    document = {"pixels": tensor(pixels), "predicted": tensor(predicted), "hidden": tensor(hidden)}
    for name, normalised in [("plain", False), ("normalised", True)]:
        model = types.SimpleNamespace(patch_embed=types.SimpleNamespace(patch_size=(2, 2)), norm_pix_loss=normalised)
        model.patchify = lambda x: theirs.patchify(model, x)
        predicted.grad = None
        loss = theirs.forward_loss(model, pixels.detach(), predicted, hidden)
        loss.backward()
        document[name] = {"loss": loss.item(), "gradient": tensor(predicted.grad)}
    write("mrm", document)


def prior(source):
    """Sigmoid attention, both local losses of one study, and what the bank gives with known noise."""
    import math

    import numpy as np
    import torch.nn.functional as F
    from torch import nn

    scope = {"torch": torch, "nn": nn, "F": F, "np": np, "math": math}
    attention = load(source / "codes/prior/modules/local_attention.py", "prior_attention").LocalCrossAttention
    bank = load(source / "codes/prior/modules/spb.py", "prior_spb")
    theirs = functions(source / "codes/prior/models/prior.py", ["simsiam_loss_func", "text_local_loss_fn"], scope)
    p, s, d, k = 6, 3, 4, 5
    v, f, r = normal((p, d), 61), normal((s, d), 62), normal((s, d), 63)
    cross, predictor = attention(d), nn.Sequential(nn.Linear(d, d // 2), nn.ReLU(), nn.Linear(d // 2, d))
    book = bank.SPB(d, k)
    weights = {}
    for i, (name, value) in enumerate([*cross.named_parameters(), *predictor.named_parameters(), *book.named_parameters()]):
        value.data = normal(value.shape, 70 + i, 0.7).detach()
        weights[name] = tensor(value)
    # Their attention gives what regions see first when asked in this order.
    seen_regions, _, seen_sentences, _ = cross(v, f)
    regions = theirs.simsiam_loss_func(None, v, seen_regions, predictor)
    model = types.SimpleNamespace(local_logit_scale=torch.tensor(math.log(7.0)))
    sentences = theirs.text_local_loss_fn(model, f, seen_sentences)
    noise = normal((s, k), 90).detach()
    bank.F = types.SimpleNamespace(**vars(F))
    bank.F.gumbel_softmax = lambda logits, tau, dim, hard: torch.softmax((logits + noise) / tau, dim)
    prototypes, distance, _ = book(f)
    divergence = book.cal_loss(r)
    (regions + sentences + distance + divergence).backward()
    write("prior", {
        "v": tensor(v), "f": tensor(f), "r": tensor(r), "noise": tensor(noise), "weights": weights,
        "seen regions": tensor(seen_regions), "seen sentences": tensor(seen_sentences),
        "prototypes": tensor(prototypes), "regions": regions.item(), "sentences": sentences.item(),
        "distance": distance.item(), "divergence": divergence.item(),
        "d v": tensor(v.grad), "d f": tensor(f.grad), "d r": tensor(r.grad), "d bank": tensor(book.embed.weight.grad),
    })


def tier(source):
    """The entropy penalty with each axis weighted by itself. Their weights: tokens over patches, patches over tokens."""
    scope = {"torch": torch, "nn": torch.nn, "np": __import__("numpy")}
    theirs = functions(source / "Modeling/utils.py", ["attn_penalty"], scope)
    document = {}
    similar = (normal((2, 5, 7), 101) / 4).detach().requires_grad_()
    document["similar"] = tensor(similar)
    for name, weights in [("token", (1.0, 0.0)), ("patch", (0.0, 1.0))]:
        similar.grad = None
        made = theirs.attn_penalty([similar], lam=weights)
        loss = made[0] if isinstance(made, (tuple, list)) else made
        loss = sum(loss) if isinstance(loss, list) else loss
        loss.backward()
        document[name] = {"loss": loss.item(), "gradient": tensor(similar.grad)}
    write("tier", document)


REPOSITORIES = {
    "tier": ("apalepu13+TIER_Regularized_CLIP", tier),
    "prior": ("QtacierP+PRIOR", prior),
    "refers": ("funnyzhou+REFERS", refers),
    "mrm": ("RL4M+MRM-pytorch", mrm),
    "localmi": ("RayRuizhiLiao+mutual_info_img_txt", localmi),
    "lovt": ("philip-mueller+lovt", lovt),
    "gloria": ("marshuang80+gloria", gloria),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    for name in options.names or REPOSITORIES:
        folder, make = REPOSITORIES[name]
        make(options.sources / folder)
