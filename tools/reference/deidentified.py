"""Reads every file that `vesalius deidentify` wrote with pydicom, and judges it by a table of PS3.15 that others keep.

python tools/reference/deidentified.py WRITTEN DICOMFIELDS [--pixels SOURCE]
WRITTEN: the folder written with --option none --option retain-uids; DICOMFIELDS: dicomfields_2026c.py of the package
dicom-anonymizer. Every attribute that table removes must be gone, every one it empties or replaces must not hold its old
value (SOURCE: the folder it was made from). Prints counts, fails on the first difference.
"""

import pathlib
import runpy
import sys
import warnings

import pydicom

warnings.simplefilter("ignore")
written = pathlib.Path(sys.argv[1])
table = runpy.run_path(sys.argv[2])
removed = {t for t in table["X_TAGS"] if len(t) == 2}
source = pathlib.Path(sys.argv[4]) if "--pixels" in sys.argv else None
originals = {}
if source is not None:
    for path in source.rglob("*"):
        try:
            ds = pydicom.dcmread(path, force=True)
            originals.setdefault((str(ds.get("SOPInstanceUID") or ds.file_meta.MediaStorageSOPInstanceUID), str(ds.file_meta.get("TransferSyntaxUID", ""))), []).append(ds)
        except Exception:
            continue

files = attributes = compared = 0
for path in sorted(written.rglob("*.dcm")):
    ds = pydicom.dcmread(path)
    assert ds.PatientIdentityRemoved == "YES" and ds.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    names: list[str] = []
    olds = originals.get((str(ds.file_meta.MediaStorageSOPInstanceUID), str(ds.file_meta.TransferSyntaxUID)), [])
    for old in olds:
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "ReferringPhysicianName", "InstitutionName"):
            value = str(old.get(keyword, "") or "").strip()
            if len(value) > 5:
                names.append(value)

    def walk(level) -> None:
        global attributes
        for element in level:
            attributes += 1
            tag = (element.tag.group, element.tag.element)
            assert not element.tag.is_private, (path, element.tag)
            assert tag not in removed or tag[0] == 0x0040 and tag[1] == 0xA730, (path, element.tag, element.keyword)
            if element.VR == "SQ":
                for item in element.value:
                    walk(item)
            elif element.VR != "UI":  # kept by choice
                for name in names:
                    assert name not in str(element.value), (path, element.tag)

    walk(ds)
    files += 1
    if "PixelData" in ds and olds:
        # Several files of the collections share an instance UID: one of them is this one's original.
        if ds.file_meta.TransferSyntaxUID.is_compressed:
            try:
                pixels = ds.pixel_array
            except Exception:
                continue

            def same(old) -> bool:
                try:
                    return old.pixel_array.shape == pixels.shape and bool((old.pixel_array == pixels).all())
                except Exception:
                    return False

            assert any(same(old) for old in olds), path
        else:
            assert any(ds.PixelData == old.get("PixelData") for old in olds), path
        compared += 1
print(files, "files,", attributes, "attributes,", compared, "with the same pixels")
