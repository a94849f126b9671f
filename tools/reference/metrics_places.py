"""Golden values for boxes, detection, FROC, grounding, anomaly maps and key points in src/evaluate/metrics.

Run: python tools/reference/metrics_places.py   (writes test/golden/metrics-places.json; needs pycocotools, monai, torchvision,
torchmetrics, scikit-learn, anomalib)
"""
import contextlib
import importlib.util
import io
import json
import pathlib
import sys
import types

import numpy as np
import torch
from monai.data.box_utils import box_iou as box_iou_3d
from monai.metrics import compute_fp_tp_probs_nd, compute_froc_curve_data, compute_froc_score
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.ndimage import label
from scipy.spatial.distance import cdist
from sklearn.metrics import auc, roc_auc_score, roc_curve
from torchmetrics.functional.classification import binary_jaccard_index
from torchvision.ops import box_iou

rng = np.random.default_rng(11)


def coco(images, limits=(1, 10, 100), ranges=None):
    """`images`: list of (objects, detections), rows (label, x, y, w, h[, score]); stats by class and threshold."""
    labels = sorted({row[0] for objects, detections in images for row in objects + detections})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        annotations = [{"image_id": i, "category_id": labels.index(row[0]) + 1, "bbox": list(row[1:5]), "area": row[3] * row[4], "iscrowd": int(len(row) > 5)}
                       for i, (objects, _) in enumerate(images) for row in objects]
        truth.dataset = {"images": [{"id": i} for i in range(len(images))], "categories": [{"id": k + 1} for k in range(len(labels))],
                         "annotations": [{"id": n + 1, **a} for n, a in enumerate(annotations)]}
        truth.createIndex()
        found = [{"image_id": i, "category_id": labels.index(row[0]) + 1, "bbox": list(row[1:5]), "score": row[5]}
                 for i, (_, detections) in enumerate(images) for row in detections]
        run = COCOeval(truth, truth.loadRes(found) if found else COCO(), "bbox")
        run.params.imgIds = list(range(len(images)))
        run.params.catIds = [k + 1 for k in range(len(labels))]
        run.params.maxDets = list(limits)
        if ranges is not None:
            run.params.areaRng, run.params.areaRngLbl = [list(r) for r in ranges], [str(r) for r in ranges]
        run.evaluate()
        run.accumulate()
    clean = lambda v: None if v < 0 else float(v)
    precision, recall = run.eval["precision"], run.eval["recall"]  # [T, R, K, A, M], [T, K, A, M]
    return [{"range": list(run.params.areaRng[a]), "limit": limits[m],
             "classes": [{"label": labels[k], "apAt": [clean(precision[t, :, k, a, m].mean()) for t in range(10)],
                          "recall": clean(recall[:, k, a, m].mean())} for k in range(len(labels))]}
            for a in range(len(run.params.areaRng)) for m in range(len(limits))]


def detections(count, levels):
    images = []
    for i in range(count):
        objects, found = [], []
        for _ in range(rng.integers(0, 4)):
            box = np.round(np.r_[rng.uniform(0, 80, 2), rng.uniform(4, 60, 2)], 1)
            name = ["nodule", "mass", "effusion"][rng.integers(0, 3)]
            objects.append((name, *box.tolist()))
            for _ in range(rng.integers(0, 3)):
                near = np.round(box + rng.normal(0, 3, 4), 1)
                near[2:] = np.maximum(near[2:], 1)
                found.append((name, *near.tolist(), float(np.round(rng.random(), levels))))
        for _ in range(rng.integers(0, 3)):
            found.append((["nodule", "mass", "effusion", "fracture"][rng.integers(0, 4)],
                          *np.round(np.r_[rng.uniform(0, 80, 2), rng.uniform(4, 60, 2)], 1).tolist(), float(np.round(rng.random(), levels))))
        images.append((objects, found))
    return images


detection = []
for images, ranges in [(detections(25, 1), None), (detections(12, 4), [(0, 1e10), (0, 500), (500, 1500)]),
                       ([([("nodule", 1, 1, 8, 8)], []), ([], [])], None),
                       ([([("nodule", 0, 0, 4, 4), ("nodule", 0, 0, 4, 4)], [("nodule", 0, 0, 4, 4, 0.5), ("nodule", 0, 0, 4, 4, 0.5), ("nodule", 0, 0, 4, 4, 0.5)])], None)]:
    detection.append({"images": [{"objects": o, "detections": d} for o, d in images],
                      "results": coco(images, ranges=ranges if ranges else [(0, 1e10)]) if any(d for _, d in images) else "none"})

pairs = []
for axes in (2, 3):
    a, b = np.round(rng.uniform(0, 6, (6, 2 * axes)), 2), np.round(rng.uniform(0, 6, (6, 2 * axes)), 2)
    corners = lambda x: torch.tensor(np.c_[x[:, :axes], x[:, :axes] + x[:, axes:]], dtype=torch.float64)
    iou = (box_iou if axes == 2 else box_iou_3d)(corners(a), corners(b))
    pairs.append({"a": a.tolist(), "b": b.tolist(), "iou": iou.tolist()})

froc = []
for count, steps in [(12, 8), (20, 1024)]:  # exact in the single precision that MONAI keeps hits in
    cases, fps, tps, targets = [], [], [], 0
    for _ in range(count):
        mask = np.zeros((40, 40), int)
        truth = [(int(x), int(y), 7, 6) for x, y in [(2, 3), (20, 4), (25, 25)][: rng.integers(0, 4)]]
        for k, (x, y, w, h) in enumerate(truth):
            mask[y : y + h, x : x + w] = k + 1
        centres = np.round(rng.uniform(0, 39, (rng.integers(1, 9), 2))).astype(int)
        for x, y, w, h in truth:
            if rng.random() < 0.7:
                centres = np.r_[centres, [[x + 2, y + 3]]]
        scores = np.ceil(rng.random(len(centres)) * steps) / steps
        fp, tp, n = compute_fp_tp_probs_nd(scores, centres[:, ::-1], mask)
        fps.append(fp), tps.append(tp)
        targets += n
        cases.append({"truth": truth, "detections": [[int(x), int(y), float(s)] for (x, y), s in zip(centres, scores)]})
    curve = compute_froc_curve_data(np.concatenate(fps), np.concatenate(tps).astype(float), targets, count)
    froc.append({"cases": cases, "score": float(compute_froc_score(*curve)), "at": {str(r): float(compute_froc_score(*curve, eval_thresholds=(r,))) for r in (0.125, 0.5, 2, 8)},
                 "missed": int(sum((t == 0).sum() for t in tps))})

grounding = []
for rows, columns, cut in [(9, 12, 2), (7, 7, 0)]:
    values = np.round(rng.normal(0.2, 0.2, (rows, columns)), 3)
    mask = np.zeros((rows, columns), np.uint8)
    mask[2:6, 3:6] = 1
    values += 0.15 * mask
    values = np.round(values, 3)
    seen = np.ones_like(mask, bool)
    if cut:
        seen[:, :cut] = seen[:, -cut:] = False
    inside, outside = values[seen & (mask == 1)], values[seen & (mask == 0)]
    grounding.append({
        "width": columns, "map": [None if not s else float(v) for v, s in zip(values.ravel(), seen.ravel())], "mask": mask.ravel().tolist(),
        "contrast": float((inside.mean() - outside.mean()) / np.sqrt(inside.var() + outside.var())), "auc": float(roc_auc_score(mask[seen], values[seen])),
        "pointing": int(mask.ravel()[np.nanargmax(np.where(seen, values, np.nan))]),
        "iou": [float(binary_jaccard_index(torch.tensor((values[seen] >= t).astype(int)), torch.tensor(mask[seen].astype(int)))) for t in (0.1, 0.2, 0.3, 0.4, 0.5)]})


def load_aupro():
    """anomalib's metric alone: importing its package would need a whole training framework."""
    stubs = {"anomalib": [], "anomalib.metrics": [], "anomalib.metrics.pro": ["connected_components_cpu", "connected_components_gpu"],
             "anomalib.metrics.base": ["AnomalibMetric"], "anomalib.metrics.utils": ["plot_metric_curve"], "matplotlib": [], "matplotlib.figure": ["Figure"]}
    path = pathlib.Path(importlib.util.find_spec("anomalib").origin).parent / "metrics/aupro.py"
    for name, members in stubs.items():
        module = types.ModuleType(name)
        for member in members:
            setattr(module, member, type(member, (), {}))
        sys.modules[name] = module
    spec = importlib.util.spec_from_file_location("anomalib.metrics.aupro", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module._AUPRO


AUPRO = load_aupro()


def anomaly(decimals):
    maps, masks = np.round(rng.normal(size=(3, 14, 17)), decimals).astype(np.float32), np.zeros((3, 14, 17), int)
    masks[0, 2:5, 3:9] = masks[0, 5, 9] = masks[0, 9:12, 12:15] = 1  # (5, 9) touches the first region at a corner
    masks[1, 0:2, 0:2] = 1
    maps = np.round(maps + masks, decimals).astype(np.float32)
    numbers, total = np.zeros_like(masks), 0
    for i, mask in enumerate(masks):
        one, n = label(mask, structure=np.ones((3, 3)))
        numbers[i] = np.where(one > 0, one + total, 0)
        total += n
    sizes = np.bincount(numbers.ravel())
    weight = np.where(masks == 1, 1 / sizes[numbers], 1)
    fpr, pro, _ = roc_curve(masks.ravel(), maps.ravel(), sample_weight=weight.ravel(), drop_intermediate=False)

    def area(limit):
        keep = fpr < limit
        return float(auc(np.r_[fpr[keep], limit], np.r_[pro[keep], np.interp(limit, fpr, pro)]) / limit)

    peer = AUPRO(fpr_limit=0.3)
    peer_x, peer_y = peer.compute_pro(torch.tensor(numbers), torch.tensor(maps))
    return {"width": 17, "maps": maps.reshape(3, -1).astype(float).tolist(), "masks": masks.reshape(3, -1).tolist(), "regions": total,
            "pixelAuroc": float(roc_auc_score(masks.ravel(), maps.ravel())), "pro": {str(x): area(x) for x in (0.05, 0.3, 1.0)}, "anomalib": float(auc(peer_x.numpy(), peer_y.numpy()) / 0.3)}


points = {"predicted": np.round(rng.uniform(0, 200, (9, 2)), 2), "spacing": [0.2, 0.35]}
points["truth"] = np.round(points["predicted"] + rng.normal(0, 9, (9, 2)), 2)
points["errors"] = np.diag(cdist(points["predicted"] * points["spacing"], points["truth"] * points["spacing"]))
def with_crowds(images):
    """Some objects become regions of many: their row has a sixth entry."""
    return [([(*row, "crowd") if (n + i) % 3 == 0 else row for n, row in enumerate(objects)], found) for i, (objects, found) in enumerate(images)]


crowded = with_crowds(detections(20, 2))
detection.append({"images": [{"objects": o, "detections": d} for o, d in crowded], "results": coco(crowded, ranges=[(0, 1e10)])})
golden = {"detection": detection, "boxes": pairs, "froc": froc, "grounding": grounding, "anomaly": [anomaly(1), anomaly(4)],
          "points": {k: v if isinstance(v, list) else v.tolist() for k, v in points.items()}}
path = pathlib.Path(__file__).resolve().parents[2] / "test/golden/metrics-places.json"
path.write_text(json.dumps(golden) + "\n")
