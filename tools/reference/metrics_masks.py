"""Golden values for src/evaluate/metrics/masks.ts and surface.ts, from MONAI and torchmetrics.

Run: python tools/reference/metrics_masks.py   (writes test/golden/metrics-masks.json; needs monai, torchmetrics)
"""
import json
import pathlib

import monai
import numpy as np
import torch
from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance, compute_iou, compute_surface_dice
from torchmetrics.functional.classification import multiclass_jaccard_index

rng = np.random.default_rng(3)


def blob(size, spread):
    """A smooth random object, so that surfaces are neither boxes nor noise."""
    field = rng.normal(size=size)
    for axis in range(len(size)):
        for _ in range(spread):
            field = (field + np.roll(field, 1, axis) + np.roll(field, -1, axis)) / 3
    return (field > np.quantile(field, 0.8)).astype(np.uint8)


def number(value):
    value = float(value)
    return None if np.isnan(value) else "inf" if np.isinf(value) else value


def case(name, p, y, spacing):
    tp, ty = torch.tensor(p[None, None]).float(), torch.tensor(y[None, None]).float()
    both = dict(include_background=True, spacing=spacing)
    distance = lambda percent: number(compute_hausdorff_distance(tp, ty, percentile=percent, **both))
    return {
        "name": name, "size": list(p.shape), "spacing": spacing, "predicted": "".join(map(str, p.ravel())), "truth": "".join(map(str, y.ravel())),
        "dice": number(compute_dice(tp, ty, include_background=True, ignore_empty=False)),
        "iou": number(compute_iou(tp, ty, include_background=True, ignore_empty=False)),
        "hausdorff95": distance(95), "hausdorff": distance(None),
        "surfaceDice": {str(t): number(compute_surface_dice(tp, ty, class_thresholds=[t], **both)) for t in (0.0, 1.0, 2.5)},
        "surfaceDiceByArea": {str(t): number(compute_surface_dice(tp, ty, class_thresholds=[t], use_subvoxels=True, **both)) for t in (0.0, 1.0, 2.5)},
        "meanDistance": number(compute_average_surface_distance(tp, ty, symmetric=True, **both)),
    }


cases = []
for size, spacing in [((24, 31), [1.0, 1.0]), ((24, 31), [0.5, 1.75]), ((9, 14, 12), [1.0, 1.0, 1.0]), ((9, 14, 12), [2.5, 0.75, 1.25])]:
    for k in range(2):
        y = blob(size, 3)
        p = np.roll(y, 1, axis=k) if k == 0 else blob(size, 3)
        cases.append(case(f"{len(size)}-D {spacing} {'moved' if k == 0 else 'other'}", p, y, spacing))
square = np.zeros((8, 9), np.uint8)
square[2:6, 3:7] = 1
dot = np.zeros((8, 9), np.uint8)
dot[0, 0] = 1
empty, full = np.zeros((8, 9), np.uint8), np.ones((8, 9), np.uint8)
cases += [case(n, p, y, [1.0, 2.0]) for n, p, y in [("equal", square, square), ("one voxel", dot, square), ("nothing predicted", empty, square),
                                                   ("nothing there", square, empty), ("both empty", empty, empty), ("everything", full, square)]]

classes = 4
truth = rng.integers(0, 3, (3, 10, 10))  # class 3 is only ever predicted
predicted = np.where(rng.random((3, 10, 10)) < 0.6, truth, rng.integers(0, 4, (3, 10, 10)))
golden = {
    "from": f"MONAI {monai.__version__}, torchmetrics",
    "cases": cases,
    "classes": {"truth": truth.reshape(3, -1).tolist(), "predicted": predicted.reshape(3, -1).tolist(),
                "jaccard": [float(v) for v in multiclass_jaccard_index(torch.tensor(predicted), torch.tensor(truth), classes, average="none")]},
}
path = pathlib.Path(__file__).resolve().parents[2] / "test/golden/metrics-masks.json"
path.write_text(json.dumps(golden) + "\n")
