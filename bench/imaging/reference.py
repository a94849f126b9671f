"""The peer of bench/imaging.js: makes the files, and prepares them with pydicom and Pillow in two processes.

  reference.py make FOLDER PICTURE      PICTURE: a DICOM file of 1024 x 1024 greys
  reference.py run FOLDER REPEATS       prints JSON: seconds for all files of each kind
"""

import io
import json
import multiprocessing
import pathlib
import sys
import time

import numpy
import pydicom
from PIL import Image

COUNT = 24
KINDS = ["png", "jpg", "plain.dcm", "jpegls.dcm", "jpeg2000.dcm"]


def make(folder, picture):
    import imagecodecs
    from pydicom.encaps import encapsulate

    folder.mkdir(parents=True, exist_ok=True)
    source = pydicom.dcmread(picture)
    eight = source.pixel_array
    rng = numpy.random.default_rng(0)
    for i in range(COUNT):
        grey = numpy.roll(eight, 17 * i, axis=1)
        deep = (grey.astype("uint16") * 16 + rng.integers(0, 16, grey.shape)).astype("uint16")
        Image.fromarray(grey).save(folder / f"{i}.png")
        Image.fromarray(grey).save(folder / f"{i}.jpg", quality=90)
        for kind, uid, stream in [
            ("plain.dcm", "1.2.840.10008.1.2.1", None),
            ("jpegls.dcm", "1.2.840.10008.1.2.4.80", lambda: imagecodecs.jpegls_encode(deep)),
            ("jpeg2000.dcm", "1.2.840.10008.1.2.4.90", lambda: imagecodecs.jpeg2k_encode(deep, codecformat="j2k", reversible=True)),
        ]:
            data = pydicom.Dataset()
            data.file_meta = pydicom.dataset.FileMetaDataset()
            data.file_meta.TransferSyntaxUID = uid
            data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3"
            data.Modality = "CR"
            data.Rows, data.Columns = deep.shape
            data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
            data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
            data.WindowCenter, data.WindowWidth = 2048, 4096
            data.PixelData = deep.tobytes() if stream is None else encapsulate([stream()])
            data["PixelData"].VR = "OW" if stream is None else "OB"
            data.save_as(folder / f"{i}.{kind}", enforce_file_format=True)


def prepare(path):
    """Display greys in 0..1, 224 x 224, bicubic, as float32."""
    if path.endswith(".dcm"):
        from pydicom.pixels import apply_modality_lut, apply_voi_lut

        data = pydicom.dcmread(path)
        shown = apply_voi_lut(apply_modality_lut(data.pixel_array, data), data)
        image = Image.fromarray((shown / 4095).astype("float32"))
        return numpy.asarray(image.resize((224, 224), Image.Resampling.BICUBIC)).mean()
    image = Image.open(io.BytesIO(pathlib.Path(path).read_bytes())).convert("L")
    small = image.resize((224, 224), Image.Resampling.BICUBIC)
    return (numpy.asarray(small).astype("float32") / 255).mean()


def run(folder, repeats):
    seconds = {}
    with multiprocessing.Pool(2) as pool:
        for kind in KINDS:
            paths = sorted(str(p) for p in folder.glob(f"*.{kind}") if kind.endswith("dcm") or not str(p).endswith("dcm"))
            pool.map(prepare, paths[:4], chunksize=1)
            best = float("inf")
            for _ in range(repeats):
                start = time.perf_counter()
                means = pool.map(prepare, paths, chunksize=1)
                best = min(best, time.perf_counter() - start)
            seconds[kind] = {"files": len(paths), "seconds": best, "mean": float(numpy.mean(means))}
    print(json.dumps(seconds))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]), sys.argv[3])
    else:
        run(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
