"""Reference values for volumes: nibabel (NIfTI), SimpleITK (MetaImage, NRRD), and their common frame.

Writes test/golden/volumes.json for the files of .corpus (sh tools/corpus.sh): size, affine to RAS+, values, the same after
nibabel.as_closest_canonical. Needs numpy, nibabel, SimpleITK.
"""

import json
import pathlib
import tempfile

import nibabel
import numpy
import SimpleITK

CORPUS = pathlib.Path(".corpus")
SAMPLES = 40


def values(array):
    """Values in our order: i fastest."""
    flat = numpy.asarray(array, dtype="float64").ravel(order="F")
    step = max(1, flat.size // SAMPLES)
    # What is not a number is null.
    every = [None if numpy.isnan(v) else float(v) for v in flat[::step]]
    return {"count": int(flat.size), "every": every}


def nifti(path):
    image = nibabel.load(path)
    canonical = nibabel.as_closest_canonical(image)
    return {
        "size": [int(v) for v in image.shape[:3]],
        "affine": image.affine.ravel().tolist(),
        "code": "".join(nibabel.aff2axcodes(image.affine)),
        "values": values(image.get_fdata()),
        "canonical": {"affine": canonical.affine.ravel().tolist(), "values": values(canonical.get_fdata())},
    }


def itk(path):
    image = SimpleITK.ReadImage(str(path))
    size = list(image.GetSize())
    rank = len(size)
    direction = numpy.array(image.GetDirection()).reshape(rank, rank)
    matrix = numpy.eye(4)
    n = min(rank, 3)
    matrix[:n, :n] = (direction * numpy.array(image.GetSpacing()))[:n, :n]
    matrix[:n, 3] = image.GetOrigin()[:n]
    array = SimpleITK.GetArrayFromImage(image)
    return {
        "size": (size + [1, 1])[:3],
        "channels": image.GetNumberOfComponentsPerPixel(),
        "affine": (numpy.diag([-1, -1, 1, 1]) @ matrix).ravel().tolist(),
        # Slices first there, channels last: in C order as ours.
        "values": values(array.astype("float64").ravel()),
    }


def made():
    """Variants no package ships, written by SimpleITK and nibabel; committed as they are small."""
    rng = numpy.random.default_rng(5)
    array = rng.integers(-900, 900, (3, 4, 5)).astype("int16")
    files = {}
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing((0.5, 0.75, 3.0))
    image.SetOrigin((10.0, -20.0, 30.0))
    image.SetDirection((0.0, 1.0, 0.0, 0.0, 0.0, -1.0, -1.0, 0.0, 0.0))
    vector = SimpleITK.GetImageFromArray(rng.integers(0, 255, (2, 3, 4, 3)).astype("uint8"), isVector=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, each, compress in [
            ("plain.nrrd", image, False),
            ("gzip.nrrd", image, True),
            ("vector.nrrd", vector, True),
            ("plain.mha", image, False),
            ("compressed.mha", image, True),
            ("vector.mha", vector, False),
        ]:
            SimpleITK.WriteImage(each, str(folder / name), compress)
            files[name] = {"bytes": (folder / name).read_bytes().hex(), **itk(folder / name)}
        oblique = numpy.array([[-0.9, 0.1, 0.4, 5], [0.2, 0.3, 3.9, -6], [0.1, -1.1, 0.6, 7], [0, 0, 0, 1]])
        for name, kind, code in [("one.nii.gz", nibabel.Nifti1Image, 1), ("two.nii", nibabel.Nifti2Image, 0)]:
            volume = kind(array.T.astype(">i2" if name == "two.nii" else "<i2"), oblique)
            volume.header.set_slope_inter(0.25, -7)
            volume.set_qform(oblique, 1)
            volume.set_sform(oblique if code else None, code)
            if name == "two.nii":
                volume = kind(array.T, None, volume.header.as_byteswapped(">"))
                volume.header.set_slope_inter(0.25, -7)
            nibabel.save(volume, folder / name)
            files[name] = {"bytes": (folder / name).read_bytes().hex(), **nifti(folder / name)}
    return files


golden = {"files": {}, "made": made()}
for path in sorted(CORPUS.rglob("*")):
    name = str(path.relative_to(CORPUS))
    if path.name.endswith((".nii", ".nii.gz")) and "dconn" not in path.name:
        reader = nifti
    elif path.suffix in (".mha", ".mhd", ".nhdr", ".nrrd"):
        reader = itk
    else:
        continue
    if path.stat().st_size > 4_000_000:
        continue
    try:
        found = reader(path)
        # The largest take a test too long; two of them are compared with each other there.
        if found["values"]["count"] < 1_500_000:
            golden["files"][name] = found
    except Exception as error:  # noqa: BLE001
        print(name, type(error).__name__, str(error)[:150])
text = json.dumps(golden, separators=(",", ":"))
pathlib.Path("test/golden/volumes.json").write_text(text + "\n")
print(len(golden["files"]), "files", len(text), "bytes")
