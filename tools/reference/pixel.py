"""Golden values for src/evaluate/baselines/pixel.ts, from scikit-learn's LogisticRegression.

Run: python tools/reference/pixel.py   (writes test/golden/pixel.json)
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(3)
count, side = 90, 16
# Smooth images of one digit a pixel: neighbours correlate as in real ones. The last pixel is constant.
coarse = rng.normal(size=(count, 4, 4))
images = np.kron(coarse, np.ones((4, 4))) + 0.5 * rng.normal(size=(count, side, side))
images = np.clip(np.round(images * 1.5 + 4.5), 0, 9).reshape(count, -1).astype(int)
images[:, -1] = 3
signal = images[:, 20] - images[:, 120] + rng.normal(size=count) * 2
labels = np.stack([signal > 0, signal + images[:, 200] > 8, rng.random(count) < 0.2], 1).astype(int)
classes = np.digitize(signal, [-1.5, 1.5])
scaled = StandardScaler().fit_transform(images)


def fit(strength, target):
    model = LogisticRegression(C=strength, solver="lbfgs", tol=1e-10, max_iter=20000).fit(scaled, target)
    return {"weights": np.round(np.atleast_2d(model.coef_), 7).tolist(), "intercepts": model.intercept_.tolist(),
            "probabilities": np.round(model.predict_proba(scaled), 7).tolist()}


golden = {
    "from": f"scikit-learn {sklearn.__version__}",
    "images": ["".join(map(str, row)) for row in images],
    "labels": labels.tolist(), "classes": classes.tolist(),
    "multiLabel": [{"strength": c, "outputs": [fit(c, labels[:, k]) for k in range(3)]} for c in (0.01, 1.0)],
    "exclusive": [{"strength": c, **fit(c, classes)} for c in (0.01,)],
}
path = pathlib.Path(__file__).resolve().parents[2] / "test/golden/pixel.json"
path.write_text(json.dumps(golden) + "\n")
