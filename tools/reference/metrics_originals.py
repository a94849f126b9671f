"""Golden values from the authors' own code: RAPS scores, and normalised answers of the VQA challenge.

Run: python tools/reference/metrics_originals.py CONFORMAL VQA   (writes test/golden/metrics-originals.json)
CONFORMAL: a clone of aangelopoulos/conformal_classification; VQA: a clone of GT-Vision-Lab/VQA (Python 2, translated on the fly).
"""
import json
import pathlib
import sys
import types

import numpy as np

conformal, vqa = sys.argv[1:3]


def functions(path, names):
    """The named functions of a file, without what the file imports."""
    source = pathlib.Path(path).read_text()
    lines, keep, on = source.split("\n"), [], False
    for line in lines:
        if line.startswith(("def ", "class ")):
            on = any(line.startswith(f"def {name}(") for name in names)
        if on:
            keep.append(line)
    space = {"np": np}
    exec("\n".join(keep), space)
    return types.SimpleNamespace(**{name: space[name] for name in names})


raps = functions(f"{conformal}/conformal.py", ["get_tau"])
sort_sum = functions(f"{conformal}/utils.py", ["sort_sum"]).sort_sum
rng = np.random.default_rng(5)
cases = []
for classes, penalty, free, share in [(5, 0.1, 2, 1.0), (5, 0.1, 2, 0.25), (9, 0.01, 1, 0.6), (4, 0.5, 4, 0.3)]:
    p = np.round(rng.dirichlet(np.ones(classes), 4), 6)
    penalties = np.zeros((1, classes))
    penalties[:, free:] += penalty
    I, ordered, cumsum = sort_sum(p)
    np.random.random = lambda: share
    row = lambda x, i: x[i : i + 1]
    # `giq` does the same in a loop, but fills an array in a way that NumPy no longer takes.
    tau = lambda i, k: float(np.squeeze(raps.get_tau(row(p, i), k, row(I, i), row(ordered, i), row(cumsum, i), penalties[0], randomized=True, allow_zero_sets=True)))
    scores = [[tau(i, k) for k in range(classes)] for i in range(4)]
    cases.append({"classes": classes, "penalty": penalty, "freeRanks": free, "random": share, "probabilities": p.ravel().tolist(), "scores": np.array(scores).ravel().tolist()})

from lib2to3 import refactor  # noqa: E402

source = (pathlib.Path(vqa) / "PythonEvaluationTools/vqaEvaluation/vqaEval.py").read_text() + "\n"
tool = refactor.RefactoringTool(refactor.get_fixers_from_package("lib2to3.fixes"))
space = {}
exec(str(tool.refactor_string(source, "vqaEval.py")), space)
judge = space["VQAEval"](types.SimpleNamespace(getQuesIds=lambda: []), None)
answers = [
    "Yes", "yes.", "No!", "the left lung", "A chest X-ray", "x ray", "two", "Two nodules", "none", "zero", "3.5 cm", "1,000", "dont know", "isnt", "it's", "Left, lower lobe", "left/right",
    "an (enlarged) heart", "  spaces   here ", "CT?", "right-sided", "10", "ten", "T2 weighted", "pleural effusion; atelectasis", "The A an", "axial plane", "yes, both", "wont", "liver & spleen",
    "5%", "e.g. edema", "no evidence of fracture", "", "PA", "above the diaphragm", "0.5", "U.S.", "left 5th rib", "one or two",
]
golden = {
    "from": "aangelopoulos/conformal_classification, GT-Vision-Lab/VQA",
    "raps": cases,
    "answers": [{"text": a, "normal": judge.processDigitArticle(judge.processPunctuation(a.replace("\n", " ").replace("\t", " ").strip()))} for a in answers],
}
path = pathlib.Path(__file__).resolve().parents[2] / "test/golden/metrics-originals.json"
path.write_text(json.dumps(golden) + "\n")
