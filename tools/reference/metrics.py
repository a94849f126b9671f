"""Golden values for src/evaluate/metrics, from scikit-learn, SciPy and NumPy.

Run: python tools/reference/metrics.py   (writes test/golden/metrics.json)
"""
import json
import pathlib

import numpy as np
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import rankdata
from sklearn import metrics as m
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(7)


def binary(count, rate, decimals):
    y = (rng.random(count) < rate).astype(int)
    p = np.round(1 / (1 + np.exp(-(rng.normal(size=count) + 1.5 * y - 1))), decimals)
    precision, recall, _ = m.precision_recall_curve(y, p)
    fpr, tpr, thr = m.roc_curve(y, p, drop_intermediate=False)
    call = (p >= 0.4).astype(int)
    tn, fp, fn, tp = m.confusion_matrix(y, call, labels=[0, 1]).ravel()
    shifted = p + 1e-6  # off the bin edges, where the two conventions differ
    occupied = np.unique(np.floor(shifted * 10).astype(int))
    accuracy, confidence = calibration_curve(y, shifted, n_bins=10)
    candidates = np.unique(p)
    f1s = [m.f1_score(y, (p >= t).astype(int)) for t in candidates]
    mccs = [m.matthews_corrcoef(y, (p >= t).astype(int)) for t in candidates]
    return {
        "labels": y.tolist(), "scores": p.tolist(),
        "auroc": m.roc_auc_score(y, p),
        "averagePrecision": m.average_precision_score(y, p),
        "trapezoid": m.auc(recall, precision),
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "threshold": thr[1:].tolist()},
        "at04": {"tp": int(tp), "fp": int(fp), "fn": int(fn), "tn": int(tn), "f1": m.f1_score(y, call),
                 "mcc": m.matthews_corrcoef(y, call), "balancedAccuracy": m.balanced_accuracy_score(y, call)},
        "best": {"f1": max(f1s), "f1Threshold": float(candidates[int(np.argmax(np.round(f1s, 12)))]),
                 "mcc": max(mccs), "mccThreshold": float(candidates[int(np.argmax(np.round(mccs, 12)))])},
        "brier": m.brier_score_loss(y, p), "logLoss": m.log_loss(y, p),
        "calibration": {"bins": occupied.tolist(), "accuracy": accuracy.tolist(), "confidence": confidence.tolist()},
    }


def classes(count, k):
    y = rng.integers(0, k - 1, count)  # the last class never occurs, but may be predicted
    s = np.round(rng.dirichlet(np.ones(k), count) + 0.6 * np.eye(k)[y] * rng.random((count, 1)), 3)
    s = np.round(s / s.sum(1, keepdims=True), 6)
    p = s.argmax(1)
    return {
        "classes": k, "truth": y.tolist(), "probabilities": s.ravel().tolist(), "predicted": p.tolist(),
        "confusion": m.confusion_matrix(y, p, labels=range(k)).tolist(),
        "accuracy": m.accuracy_score(y, p), "balancedAccuracy": float(m.recall_score(y, p, labels=sorted(set(y)), average="macro")),
        "macroF1": m.f1_score(y, p, average="macro"), "weightedF1": m.f1_score(y, p, average="weighted"),
        "oneVersusRest": [m.roc_auc_score(y == c, s[:, c]) for c in range(k - 1)],
        "brier": m.brier_score_loss(y, s / s.sum(1, keepdims=True), labels=list(range(k)), scale_by_half=False),
    }


def retrieval(count, levels):
    s = np.round(rng.normal(size=(count, count)) + 1.2 * np.eye(count), 3 if levels is None else levels)
    rows = np.array([rankdata(-s[i])[i] for i in range(count)])
    columns = np.array([rankdata(-s[:, j])[j] for j in range(count)])

    def scores(r):
        return {"ranks": r.tolist(), "recall": {str(k): float(np.mean(r <= k)) for k in (1, 5, 10)},
                "median": float(np.median(r)), "mean": float(np.mean(r)), "reciprocal": float(np.mean(1 / r))}

    return {"count": count, "similarity": s.ravel().tolist(), "imageToText": scores(rows), "textToImage": scores(columns)}


def scaling(count, k):
    truth = rng.integers(0, k, count)
    logits = np.round(6 * (rng.normal(size=(count, k)) + 1.2 * np.eye(k)[truth]), 4)
    best = minimize_scalar(lambda t: -log_softmax(logits / np.exp(t), axis=1)[np.arange(count), truth].mean(),
                           bounds=(-5, 5), method="bounded", options={"xatol": 1e-9})
    labels = (rng.random(count) < 0.3).astype(int)
    scores = np.round(0.5 + 0.01 * (rng.normal(size=count) + labels), 6)  # near 0.5, as pairs of prompts give
    z = (scores - 0.5) * 100
    platt = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000).fit(z[:, None], labels)
    return {"classes": k, "truth": truth.tolist(), "logits": logits.ravel().tolist(), "temperature": float(np.exp(best.x)),
            "labels": labels.tolist(), "scores": scores.tolist(), "platt": platt.predict_proba(z[:, None])[:, 1].tolist()}


values = np.round(rng.normal(size=37), 4)
golden = {
    "from": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
    "binary": [binary(60, 0.4, 1), binary(80, 0.1, 2), binary(50, 0.7, 6)],
    "classes": [classes(70, 5), classes(40, 3)],
    "retrieval": [retrieval(20, None), retrieval(16, 0)],
    "scaling": scaling(60, 4),
    "percentile": {"values": values.tolist(), "shares": [0.025, 0.5, 0.975], "expected": np.percentile(values, [2.5, 50, 97.5]).tolist()},
}
path = pathlib.Path(__file__).resolve().parents[2] / "test/golden/metrics.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(golden) + "\n")
