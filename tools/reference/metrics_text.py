"""Golden values for the scores of texts in src/evaluate/metrics, from pycocoevalcap, NLTK, scikit-learn and the code of
CXR-Report-Metric.

Run: python tools/reference/metrics_text.py CLONE   (writes test/golden/metrics-text.json; needs pycocoevalcap, nltk,
scikit-learn; CLONE is a clone of github.com/rajpurkarlab/CXR-Report-Metric)
"""
import contextlib
import difflib
import io
import json
import pathlib
import random
import re
import sys
import tempfile

import nltk
import numpy as np
from nltk.stem.porter import PorterStemmer
from nltk.translate.meteor_score import meteor_score
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from sklearn.metrics import precision_recall_fscore_support

draw = random.Random(5)
WORDS = ("the heart lungs size is are normal clear enlarged no pleural effusion effusions seen pneumothorax mild cardiomegaly opacity opacities "
         "in right left lower lobe lobes likely representing atelectasis consolidated consolidation without evidence of edema . , unchanged").split()


class NoWordNet:
    """METEOR's third stage without a table of synonyms."""

    @staticmethod
    def synsets(_):
        return []


def text(low, high):
    return " ".join(draw.choices(WORDS, k=draw.randint(low, high)))


def edited(words):
    out = [w if draw.random() < 0.75 else draw.choice(WORDS) for w in words.split() if draw.random() < 0.9]
    return " ".join(out)


def corpus(hypotheses, references):
    gts, res = dict(enumerate(references)), {i: [h] for i, h in enumerate(hypotheses)}
    with contextlib.redirect_stdout(io.StringIO()):
        bleu, each = Bleu(4).compute_score(gts, res, verbose=0)
        rouge = Rouge().compute_score(gts, res)[1]
        cider = Cider().compute_score(gts, res)[1]
    meteors = [meteor_score([r.split() for r in refs], h.split(), wordnet=NoWordNet) for h, refs in zip(hypotheses, references)]
    return {"hypotheses": hypotheses, "references": references, "bleu": bleu, "caseBleu": each, "rouge": rouge.tolist(), "cider": cider.tolist(), "meteor": meteors}


corpora = []
for count, several in [(12, 1), (8, 3)]:
    references = [[text(5, 24) for _ in range(draw.randint(1, several))] for _ in range(count)]
    hypotheses = [edited(draw.choice(refs)) for refs in references]
    hypotheses[0] = references[0][0]  # equal
    hypotheses[1] = ""  # nothing generated
    hypotheses[2] = "heart"  # shorter than a run of two
    hypotheses[3] = "unrelated words only"
    corpora.append(corpus(hypotheses, references))
corpora.append(corpus(["the heart is normal"], [["the heart size is normal"]]))  # one case: CIDEr is 0
corpora.append(corpus(["the heart is normal", "no pleural effusion", "the lungs are clear"],
                      [["the heart size is normal"], ["no pleural effusion is seen"], ["the lungs are clear"]]))

stemmer = PorterStemmer()
# The words of our own documentation, and words made of the endings that the stemmer knows.
root = pathlib.Path(__file__).resolve().parents[2]
vocabulary = set(re.findall(r"[a-z]{1,15}", " ".join(p.read_text().lower() for p in sorted([*root.glob("*.md"), *root.glob("docs/*.md")]))))
endings = "s es ies ed ied eed ing ings y al ally ation ational tional izer izes ability abilities fully logy logically iveness ousness ically ement ments ent ion ions ence ency er ers".split()
vocabulary |= {root + end for root in "infiltr opac effus consolid happ hop fall fizz agre trou siz conflat fil day pleur normal radio c ab tw by ey syzyg".split() for end in endings}
vocabulary |= {"sky", "skies", "dying", "news", "innings", "howe", "proceed", "exceed", "ties", "dies", "spied", "died", "enjoy", "say", "controll", "roll", "yyyy", "eyed"}
vocabulary = sorted(vocabulary)

labels = ["positive", "negative", "uncertain", "blank"]
observations = 14
reference = [[draw.choices(labels, [0.2, 0.3, 0.1, 0.4])[0] for _ in range(observations)] for _ in range(30)]
hypothesis = [[w if draw.random() < 0.7 else draw.choice(labels) for w in row] for row in reference]
for row in reference:
    row[3] = "negative"  # an observation without a reference positive
reference[5] = hypothesis[5] = ["blank"] * observations  # nothing said, nothing there
clinical = {"reference": reference, "hypothesis": hypothesis}
for rule in ("positive", "negative"):
    y, p = (np.array([[v == "positive" or (v == "uncertain" and rule == "positive") for v in row] for row in rows], int) for rows in (reference, hypothesis))
    kept = np.flatnonzero(y.any(0))
    pick = lambda average, labels=None: [float(v) for v in precision_recall_fscore_support(y, p, average=average, labels=labels, zero_division=0)[:3]]
    clinical[rule] = {"micro": pick("micro"), "macro": pick("macro", kept), "samples": pick("samples"), "each": precision_recall_fscore_support(y, p, zero_division=0)[2].tolist(),
                      "five": [float(v) for v in precision_recall_fscore_support(y[:, [1, 4, 5, 7, 9]], p[:, [1, 4, 5, 7, 9]], average="micro", zero_division=0)[:3]]}

# Entities and relations: the authors' own functions, without the parts that run their model.
source = (pathlib.Path(sys.argv[1]) / "CXRMetric/radgraph_evaluate_model.py").read_text().replace("from CXRMetric.radgraph_inference import inference\n", "")
scope = {"tqdm": lambda x: x}
exec(compile(re.sub(r"^(import (pandas|os).*|from (tqdm|scipy).*)$", "", source, flags=re.M), "radgraph_evaluate_model.py", "exec"), scope)
kinds, types = ["ANAT-DP", "OBS-DP", "OBS-DA", "OBS-U"], ["modify", "located_at", "suggestive_of"]


def graph(count):
    entities = {str(i + 1): {"tokens": draw.choice(WORDS), "label": draw.choice(kinds), "relations": []} for i in range(count)}
    for entity in entities.values():
        for _ in range(draw.randint(0, 2)):
            entity["relations"].append([draw.choice(types), draw.choice(list(entities))])
    return {"entities": entities}


def changed(one):
    return json.loads(json.dumps(one), object_hook=lambda o: {**o, "label": draw.choice(kinds)} if "label" in o and draw.random() < 0.2 else o)


truth = {str(i): graph(draw.randint(1, 9)) for i in range(10)}
truth["8"] = {"entities": {}}
generated = {k: changed(g) for k, g in truth.items() if k != "9"}
generated["0"] = truth["0"]
with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
    paths = [pathlib.Path(folder) / name for name in ("truth", "generated", "entities", "relations")]
    for path, graphs in zip(paths, (truth, generated)):
        path.write_text(json.dumps(graphs))
    scope["evaluate_radgraph"](*map(str, paths))
    entity, relation = (json.loads(path.read_text()) for path in paths[2:])
graphs = {"truth": truth, "generated": generated, "entity": {k: v[0] for k, v in entity.items()}, "relation": {k: v[0] for k, v in relation.items()}}

# Options by similarity of letters, from Python's difflib.
pairs = [(text(1, 6), text(1, 6)) for _ in range(20)] + [("", ""), ("a", ""), ("abcd", "bcde"), ("chest x-ray", "x-ray of the chest")]
ratios = [[a, b, difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()] for a, b in pairs]

golden = {"from": f"pycocoevalcap 1.2, nltk {nltk.__version__}", "corpora": corpora, "stems": {w: stemmer.stem(w) for w in vocabulary}, "clinical": clinical, "graphs": graphs, "ratios": ratios}
path = root / "test/golden/metrics-text.json"
path.write_text(json.dumps(golden) + "\n")
