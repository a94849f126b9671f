"""Golden values for calibration and exclusive classes in src/evaluate/metrics, from torchmetrics and scikit-learn.

Run: python tools/reference/metrics_classes.py   (writes test/golden/metrics-classes.json; needs torchmetrics, scikit-learn)
"""
import json
import pathlib

import numpy as np
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, brier_score_loss, cohen_kappa_score, f1_score, matthews_corrcoef
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

rng = np.random.default_rng(31)


def binary(count, bins):
    # Off the edges of the bins, where the two conventions differ.
    p = np.round(rng.random(count), 3) * 0.998 + 0.0007
    y = (rng.random(count) < p**1.5).astype(int)
    error = lambda norm: float(binary_calibration_error(torch.tensor(p, dtype=torch.float64), torch.tensor(y), n_bins=bins, norm=norm))
    return {"probabilities": p.tolist(), "labels": y.tolist(), "bins": bins, "ece": error("l1"), "mce": error("max"), "brier": float(brier_score_loss(y, p))}


def classes(count, k, bins):
    y = rng.integers(0, k, count)
    p = rng.dirichlet(np.ones(k), count) + 0.5 * np.eye(k)[y] * rng.random((count, 1))
    p = p / p.sum(1, keepdims=True)
    c = p.argmax(1)
    error = lambda norm: float(multiclass_calibration_error(torch.tensor(p), torch.tensor(y), num_classes=k, n_bins=bins, norm=norm))
    return {"classes": k, "probabilities": p.ravel().tolist(), "truth": y.tolist(), "bins": bins, "ece": error("l1"), "mce": error("max"),
            "brier": float(brier_score_loss(y, p, labels=list(range(k)), scale_by_half=False)),
            "accuracy": accuracy_score(y, c), "balancedAccuracy": balanced_accuracy_score(y, c), "macroF1": f1_score(y, c, average="macro"),
            "weightedF1": f1_score(y, c, average="weighted"), "mcc": matthews_corrcoef(y, c), "quadraticKappa": cohen_kappa_score(y, c, weights="quadratic")}


golden = {"binary": [binary(60, 10), binary(200, 15)], "classes": [classes(80, 3, 10), classes(150, 6, 15)]}
path = pathlib.Path(__file__).resolve().parents[2] / "test/golden/metrics-classes.json"
path.write_text(json.dumps(golden) + "\n")
