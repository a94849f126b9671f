"""Compressed streams as encoders of other projects write them: one small picture in each codec of DICOM.

Writes test/golden/dicom-streams.json: streams (base64), and the samples an independent decoder gives. Needs numpy, imagecodecs.
"""

import base64
import json
import pathlib

import imagecodecs
import numpy

rng = numpy.random.default_rng(3)
y, x = numpy.mgrid[0:16, 0:16]
grey = (8 * x + 5 * y + rng.integers(0, 9, (16, 16))).astype("uint8")
deep = (190 * x + 60 * y + rng.integers(0, 30, (16, 16))).astype("uint16")
color = numpy.stack([grey, 255 - grey, (grey // 2)], axis=-1).astype("uint8")
cases = {
    "jpeg lossless 16": ("jpeg-lossless", deep, lambda a: imagecodecs.ljpeg_encode(a, bitspersample=12), imagecodecs.ljpeg_decode),
    "jpeg lossless 8": ("jpeg-lossless", grey, lambda a: imagecodecs.jpeg_encode(a, lossless=True, predictor=5), imagecodecs.jpeg_decode),
    "jpeg lossless colour": ("jpeg-lossless", color, lambda a: imagecodecs.jpeg_encode(a, lossless=True, predictor=4, colorspace="rgb", outcolorspace="rgb"), imagecodecs.jpeg_decode),
    "jpeg 12": ("jpeg", deep, lambda a: imagecodecs.jpeg_encode(a, level=90, bitspersample=12), imagecodecs.jpeg_decode),
    "jpeg-ls 8": ("jpeg-ls", grey, imagecodecs.jpegls_encode, imagecodecs.jpegls_decode),
    "jpeg-ls near-lossless 12": ("jpeg-ls", deep, lambda a: imagecodecs.jpegls_encode(a, level=3), imagecodecs.jpegls_decode),
    "jpeg-ls colour": ("jpeg-ls", color, imagecodecs.jpegls_encode, imagecodecs.jpegls_decode),
    "jpeg 2000 lossless 16": ("jpeg-2000", deep, lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True), imagecodecs.jpeg2k_decode),
    "jpeg 2000 colour": ("jpeg-2000", color, lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=40), imagecodecs.jpeg2k_decode),
    "jpeg 2000 in JP2": ("jpeg-2000", grey, lambda a: imagecodecs.jpeg2k_encode(a, codecformat="jp2", reversible=True), imagecodecs.jpeg2k_decode),
    "ht-jpeg 2000 lossless 16": ("ht-jpeg-2000", deep, lambda a: imagecodecs.htj2k_encode(a, reversible=True), imagecodecs.htj2k_decode),
    "ht-jpeg 2000 lossless colour": ("ht-jpeg-2000", color, lambda a: imagecodecs.htj2k_encode(a, reversible=True), imagecodecs.htj2k_decode),
    "ht-jpeg 2000 lossy 8": ("ht-jpeg-2000", grey, lambda a: imagecodecs.htj2k_encode(a, level=0.01, reversible=False), imagecodecs.htj2k_decode),
}
streams = {}
for name, (codec, array, encode, decode) in cases.items():
    try:
        stream = encode(array)
        values = decode(stream)
    except Exception as error:  # noqa: BLE001
        print(name, type(error).__name__, error)
        continue
    streams[name] = {
        "codec": codec,
        "width": 16,
        "height": 16,
        "samples": 1 if array.ndim == 2 else 3,
        "lossless": bool(numpy.array_equal(values, array)),
        "bytes": base64.b64encode(stream).decode(),
        "values": values.ravel().tolist(),
    }
    print(name, len(stream), streams[name]["lossless"])
text = json.dumps({"imagecodecs": imagecodecs.__version__, "streams": streams}, separators=(",", ":"))
pathlib.Path("test/golden/dicom-streams.json").write_text(text + "\n")
