"""The other side of the evaluation bench: the same with scikit-learn, resampling rows of the tables, as its users write it.

  python bench/evaluate/peer.py DATA_JSON
"""

import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

warnings.filterwarnings("ignore")
data = json.load(open(sys.argv[1]))
y, s, threshold = np.array(data["labels"]).T.copy(), np.array(data["scores"]).T.copy(), data["threshold"]
called = (s >= threshold).astype(int)
METRICS = {
    "auroc": lambda rows: m.roc_auc_score(y[rows], s[rows], average=None),
    "average-precision": lambda rows: m.average_precision_score(y[rows], s[rows], average=None),
    "f1": lambda rows: m.f1_score(y[rows], called[rows], average=None, zero_division=0),
}


def lost(rows):
    positives = y[rows].sum(0)
    return (positives == 0).any() or (positives == len(rows)).any()


def run(name, resamples):
    metric, rng, n = METRICS[name], np.random.default_rng(0), len(y)
    point, draws = metric(np.arange(n)), []
    while len(draws) < resamples:
        rows = rng.integers(0, n, n)
        if name in ("auroc", "average-precision") and lost(rows):
            continue  # undefined on this resample: drawn again
        draws.append(metric(rows))
    draws = np.array(draws)
    draws = np.c_[draws, draws.mean(1)]
    return np.r_[point, point.mean()], np.percentile(draws, [2.5, 97.5], axis=0).T.ravel()


print(json.dumps({"ready": True, "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}}), flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    if word == "end":
        print("{}", flush=True)
        break
    start = time.perf_counter()
    values, bounds = run(rest[0], int(rest[1]))
    print(json.dumps({"seconds": time.perf_counter() - start, "values": values.tolist(), "bounds": bounds.tolist()}), flush=True)
