"""Golden values for survival, significance, retrieval by relevance and conformal prediction in src/evaluate/metrics.

Run: python tools/reference/metrics_tests.py   (writes test/golden/metrics-tests.json; needs lifelines, scikit-survival, SciPy,
statsmodels, scikit-learn, torchmetrics, mapie, and Rscript with the package pROC for DeLong)
"""
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import torch
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import concordance_index
from scipy.stats import binom, chi2, norm, permutation_test, wilcoxon
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import ndcg_score
from sksurv.metrics import concordance_index_censored
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from torchmetrics.functional.retrieval import retrieval_average_precision, retrieval_normalized_dcg, retrieval_precision, retrieval_recall

rng = np.random.default_rng(23)
finite = lambda values: [None if not np.isfinite(v) else float(v) for v in values]


def survival(count, steps, groups):
    times = np.round(rng.exponential(8, count) * steps) / steps
    events = (rng.random(count) < 0.6).astype(int)
    risk = np.round(-times / 8 + rng.normal(0, 1, count), 1)
    group = rng.integers(0, groups, count)
    times[group == 1] = np.round(times[group == 1] * 0.6 * steps) / steps
    fit = KaplanMeierFitter().fit(times, events)
    table, bounds = fit.event_table, fit.confidence_interval_
    test = multivariate_logrank_test(times, group, events)
    mine = concordance_index(times, -risk, events)
    assert abs(mine - concordance_index_censored(events == 1, times, risk)[0]) < 1e-12
    return {"times": times.tolist(), "events": events.tolist(), "risk": risk.tolist(), "group": group.tolist(), "concordance": float(mine),
            "kaplanMeier": {"time": table.index.tolist(), "atRisk": table.at_risk.tolist(), "events": table.observed.tolist(),
                            "survival": fit.survival_function_.iloc[:, 0].tolist(), "low": finite(bounds.iloc[:, 0]), "high": finite(bounds.iloc[:, 1]),
                            "median": None if np.isinf(fit.median_survival_time_) else float(fit.median_survival_time_)},
            "logRank": {"statistic": float(test.test_statistic), "p": float(test.p_value), "degrees": int(test.degrees_of_freedom)}}


def delong(count, decimals):
    labels = (rng.random(count) < 0.4).astype(int)
    labels[:2] = [0, 1]
    a = np.round(labels + rng.normal(0, 1.2, count), decimals)
    b = np.round(0.5 * labels + 0.4 * a + rng.normal(0, 1, count), decimals)
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(f"{folder}/data.csv", np.c_[labels, a, b], delimiter=",")
        code = f"""suppressMessages(library(pROC)); d <- read.csv("{folder}/data.csv", header=FALSE)
r1 <- roc(d$V1, d$V2, direction="<", quiet=TRUE); r2 <- roc(d$V1, d$V3, direction="<", quiet=TRUE)
t <- roc.test(r1, r2, method="delong", paired=TRUE); c1 <- ci.auc(r1, method="delong")
cat(sprintf("%.15g", c(auc(r1), auc(r2), var(r1, method="delong"), cov(r1, r2, method="delong"), c1[1], c1[3], t$statistic, t$p.value)))"""
        values = [float(v) for v in subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout.split()]
    names = ["aurocA", "aurocB", "varianceA", "covariance", "low", "high", "z", "p"]
    return {"labels": labels.tolist(), "a": a.tolist(), "b": b.tolist(), **dict(zip(names, values))}


def paired(count, decimals):
    a, b = np.round(rng.normal(0.3, 1, count), decimals), np.round(rng.normal(0, 1, count), decimals)
    d = a - b
    rank = wilcoxon(a, b, zero_method="wilcox", correction=False, alternative="two-sided", method="exact" if decimals > 2 else "asymptotic")
    right_a, right_b = (a > 0).astype(int), (b > 0).astype(int)
    table = [[int(((right_a == i) & (right_b == j)).sum()) for j in (1, 0)] for i in (1, 0)]
    out = {"a": a.tolist(), "b": b.tolist(), "rightA": right_a.tolist(), "rightB": right_b.tolist(),
           "wilcoxon": {"p": float(rank.pvalue), "statistic": float(wilcoxon(a, b, alternative="greater", correction=False).statistic)},
           "mcnemar": float(mcnemar(table, exact=True).pvalue)}
    if count <= 13:
        out["permutation"] = float(permutation_test((a, b), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", vectorized=True, n_resamples=np.inf).pvalue)
    return out


def relevance(candidates, grades, ties):
    scores = np.round(5 + rng.normal(size=candidates), 1 if ties else 6)  # above 0: torchmetrics takes no others for found
    gains = np.round(rng.integers(0, grades, candidates) / (grades - 1), 6)
    out = {"scores": scores.tolist(), "gains": gains.tolist(), "ndcg": {str(k): float(ndcg_score([gains], [scores], k=k)) for k in (1, 3, 5, candidates)}}
    if not ties:
        s, hit = torch.tensor(scores), torch.tensor(gains > 0)
        out |= {"precision": {str(k): float(retrieval_precision(s, hit, top_k=k)) for k in (1, 3, 5)}, "recall": {str(k): float(retrieval_recall(s, hit, top_k=k)) for k in (1, 3, 5)},
                "ap": float(retrieval_average_precision(s, hit)), "torchNdcg": float(retrieval_normalized_dcg(s, torch.tensor(gains), top_k=5))}
    return out


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose input is the probabilities it gives."""

    def __init__(self, classes=4):
        self.classes = classes

    def fit(self, x, y):
        self.classes_ = np.arange(self.classes)
        self.is_fitted_ = True
        return self

    def predict_proba(self, x):
        return np.asarray(x)

    def predict(self, x):
        return np.argmax(x, axis=1)


def conformal(score, count, alpha):
    from mapie.classification import SplitConformalClassifier

    def draw(n):
        y = rng.integers(0, 4, n)
        p = rng.dirichlet(np.ones(4), n) + 0.8 * np.eye(4)[y] * rng.random((n, 1))
        return np.round(p / p.sum(1, keepdims=True), 7), y

    (p, y), (tp, ty) = draw(count), draw(60)
    p, tp = p / p.sum(1, keepdims=True), tp / tp.sum(1, keepdims=True)
    model = SplitConformalClassifier(Given(4).fit(p, y), confidence_level=1 - alpha, conformity_score=score, prefit=True, random_state=4).conformalize(p, y)
    # Without the last label, the one that crosses the quantile, APS is the set of all labels whose score is within it.
    _, sets = model.predict_set(tp, conformity_score_params={"include_last_label": False}) if score == "aps" else model.predict_set(tp)
    return {"score": score, "alpha": alpha, "probabilities": p.ravel().tolist(), "truth": y.tolist(), "testProbabilities": tp.ravel().tolist(), "testTruth": ty.tolist(),
            # MAPIE takes off a random share of the calibration cases' own probability, drawn so.
            "shares": np.random.RandomState(4).uniform(size=count).tolist() if score == "aps" else [], "sets": sets[:, :, 0].astype(int).ravel().tolist()}


p_values = np.round(rng.random(9) ** 3, 5)
p_values[4] = p_values[2]
golden = {
    "survival": [survival(40, 1, 2), survival(60, 100, 3), survival(25, 2, 2)],
    "delong": [delong(50, 1), delong(120, 4)],
    "paired": [paired(12, 4), paired(13, 1), paired(45, 4), paired(80, 1)],
    "holm": {"p": p_values.tolist(), "corrected": multipletests(p_values, method="holm")[1].tolist()},
    "tails": {"chi2": [[x, k, float(chi2.sf(x, k))] for x in (0.01, 1.3, 3.84, 20.0, 90.0) for k in (1, 2, 5)], "normal": [[z, float(2 * norm.sf(z))] for z in (0.1, 1.0, 1.96, 5.0, 9.0)],
              "level": [[x, float(norm.ppf((1 + x) / 2))] for x in (0.5, 0.9, 0.95, 0.99)], "coins": [[k, n, float(binom.cdf(k, n, 0.5))] for k, n in ((0, 1), (2, 9), (40, 100), (480, 1000))]},
    "relevance": [relevance(12, 2, False), relevance(20, 5, False), relevance(15, 2, True), relevance(18, 4, True)],
    "conformal": [conformal("lac", 100, 0.1), conformal("lac", 37, 0.25), conformal("aps", 100, 0.1)],
}
path = pathlib.Path(__file__).resolve().parents[2] / "test/golden/metrics-tests.json"
path.write_text(json.dumps(golden) + "\n")
