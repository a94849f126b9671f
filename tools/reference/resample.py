"""Reference values of resizing: Pillow (8-bit and float) and torch's interpolate (with and without antialiasing).

Writes test/golden/resample.json. Needs numpy, pillow, torch.
"""

import json
import pathlib

import numpy
import torch
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
SIZES = [(5, 4), (17, 4), (8, 11), (40, 23), (1, 1), (13, 9)]
rng = numpy.random.default_rng(11)
floats = numpy.round(rng.random((11, 17)), 3).astype("float32")
grey = rng.integers(0, 256, (11, 17), dtype="uint8")
color = rng.integers(0, 256, (11, 17, 3), dtype="uint8")
cases = []
for name, filter in FILTERS.items():
    for width, height in SIZES:
        case = {"filter": name, "width": width, "height": height}
        case["float"] = [round(float(v), 6) for v in numpy.asarray(Image.fromarray(floats).resize((width, height), filter)).ravel()]
        case["grey"] = numpy.asarray(Image.fromarray(grey).resize((width, height), filter)).ravel().tolist()
        case["color"] = numpy.asarray(Image.fromarray(color).resize((width, height), filter)).ravel().tolist()
        if name != "lanczos":
            tensor = torch.from_numpy(floats)[None, None]
            for antialias in (True, False):
                out = torch.nn.functional.interpolate(tensor, (height, width), mode=name, antialias=antialias, align_corners=False)
                case["torch antialiased" if antialias else "torch"] = [round(float(v), 6) for v in out.ravel()]
        cases.append(case)
golden = {"width": 17, "height": 11, "floats": floats.astype("float64").round(3).ravel().tolist(), "grey": grey.ravel().tolist(), "color": color.ravel().tolist(), "cases": cases}
text = json.dumps(golden, separators=(",", ":"))
pathlib.Path("test/golden/resample.json").write_text(text + "\n")
print(len(text), "bytes")
