"""Writes test/golden/dicom-text.json: DICOM text in every character set and structured reports, as pydicom reads them.

Run from the root: python tools/reference/dicom_text.py [FOLDER]
FOLDER holds pydicom's test files (default: those inside the installed package). Values made here are encoded by pydicom;
values of real files are kept as hashes of the text only.
"""

import hashlib
import json
import pathlib
import random
import sys

import pydicom
from pydicom import charset
from pydicom.charset import convert_encodings, decode_bytes, encode_string
from pydicom.valuerep import TEXT_VR_DELIMS, PN_DELIMS, PersonName

DATA = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(pydicom.__file__).parent / "data")

RANGES = {
    "latin": [(0x20, 0x7E), (0xA1, 0xFF)],
    "central": [(0x20, 0x7E), (0x104, 0x107), (0x141, 0x144), (0x158, 0x15B)],
    "cyrillic": [(0x20, 0x7E), (0x410, 0x44F)],
    "greek": [(0x20, 0x7E), (0x391, 0x3A1), (0x3B1, 0x3C9)],
    "hebrew": [(0x20, 0x7E), (0x5D0, 0x5EA)],
    "arabic": [(0x20, 0x7E), (0x621, 0x63A)],
    "thai": [(0x20, 0x7E), (0xE01, 0xE3A)],
    "katakana": [(0x20, 0x5B), (0x5D, 0x7D), (0xFF66, 0xFF9D)],
    "kanji": [(0x20, 0x5B), (0x3041, 0x3093), (0x4E00, 0x4E20), (0x30A1, 0x30F6)],
    "hangul": [(0x20, 0x7E), (0xAC00, 0xAC20)],
    "hanzi": [(0x20, 0x7E), (0x4E00, 0x4E40)],
    "any": [(0x20, 0x7E), (0xA1, 0x24F), (0x391, 0x44F), (0x4E00, 0x9FA0), (0x1F600, 0x1F640)],
}
SETS = [
    ([""], "latin"), (["ISO_IR 6"], "latin"), (["ISO_IR 100"], "latin"), (["ISO_IR 101"], "central"),
    (["ISO_IR 109"], "latin"), (["ISO_IR 110"], "latin"), (["ISO_IR 144"], "cyrillic"), (["ISO_IR 127"], "arabic"),
    (["ISO_IR 126"], "greek"), (["ISO_IR 138"], "hebrew"), (["ISO_IR 148"], "central"), (["ISO_IR 203"], "latin"),
    (["ISO_IR 166"], "thai"), (["ISO_IR 13"], "katakana"), (["ISO_IR 192"], "any"), (["GB18030"], "any"),
    (["GBK"], "hanzi"), (["", "ISO 2022 IR 87"], "kanji"), (["ISO 2022 IR 13", "ISO 2022 IR 87"], "kanji"),
    (["", "ISO 2022 IR 87", "ISO 2022 IR 159"], "kanji"), (["", "ISO 2022 IR 149"], "hangul"),
    (["", "ISO 2022 IR 58"], "hanzi"),
    (["ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 126"], "cyrillic"),
    (["", "ISO 2022 IR 101", "ISO 2022 IR 138"], "hebrew"),
    (["ISO 2022 IR 6", "ISO 2022 IR 166"], "thai"), (["ISO 2022 IR 100", "ISO 2022 IR 127"], "arabic"),
]
# Examples of PS3.5 annexes H, I, J and K, as bytes of the standard.
STANDARD = [
    (["", "ISO 2022 IR 87"], "59616d6164615e5461726f753d1b24423b3345441b28425e1b244242404f3a1b28423d1b2442245e24401b28425e1b2442243f246d24261b2842"),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], "d4cfc0de5ec0dbb33d1b24423b3345441b284a5e1b244242404f3a1b284a3d1b2442245e24401b284a5e1b2442243f246d24261b284a"),
    (["", "ISO 2022 IR 149"], "486f6e675e47696c646f6e673d1b242943fbf35e1b242943d1ced4d73d1b242943c8ab5e1b242943b1e6b5bf"),
    (["ISO_IR 192"], "57616e675e5869616f446f6e673de78e8b5ee5b08fe69db13d"),
    (["GB18030"], "57616e675e5869616f446f6e673dcdf55ed0a1b6ab3d"),
]


def pn(value: bytes, codecs: list[str]) -> str:
    return str(PersonName(value, codecs).decode(codecs))


def made() -> list[dict]:
    rng = random.Random(11)
    out = []
    for terms, script in SETS:
        # pydicom does not know Latin-9; Python does.
        codecs = ["iso8859_15"] if terms == ["ISO_IR 203"] else convert_encodings(terms)
        for i in range(40):
            parts = []
            for _ in range(rng.randrange(1, 4)):
                kind = "latin" if rng.random() < 0.2 and len(terms) > 1 else script
                low_only = kind == "latin" and script != "latin"
                spans = RANGES[kind][:1] if low_only else RANGES[kind]
                word = "".join(chr(rng.randint(*rng.choice(spans))) for _ in range(rng.randrange(1, 9)))
                parts.append(word.replace("\\", "").replace("^", "").replace("=", "").replace("~", ""))
            person = i % 2 == 1
            text = ("^" if person else " ").join(parts).strip()
            try:
                value = b"^".join(encode_string(p, codecs) for p in text.split("^")) if person else encode_string(text, codecs)
            except (UnicodeEncodeError, UnicodeDecodeError):
                continue
            if b"\xa4\xd4" in value:  # a syllable that KS X 1001 lacks, spelled by Python in jamo
                continue
            if b"?" in value:  # pydicom's own replacement for what the set lacks
                continue
            back = pn(value, codecs) if person else decode_bytes(value, codecs, TEXT_VR_DELIMS)
            if back != text:
                continue  # pydicom itself does not round-trip it: no reference
            out.append({"sets": terms, "person": person, "hex": value.hex(), "text": back})
    for terms, value in STANDARD:
        out.append({"sets": terms, "person": True, "hex": value, "text": pn(bytes.fromhex(value), convert_encodings(terms))})
    return out


def files() -> dict:
    """Hash of all texts of each real file, in document order."""
    out = {}
    for path in sorted((DATA / "charset_files").glob("*.dcm")):
        ds = pydicom.dcmread(path, force=True)
        ds.decode()
        lines = []

        def walk(level) -> None:
            for element in level:
                if element.VR == "SQ":
                    for each in element.value:
                        walk(each)
                elif element.VR in ("SH", "LO", "ST", "LT", "UC", "UT", "PN") and element.tag.group % 2 == 0:
                    several = isinstance(element.value, (list, pydicom.multival.MultiValue))
                    values = list(element.value) if several else [element.value]
                    # pydicom drops empty component groups at the end of a name.
                    lines.append(f"{element.tag:08x} " + "\\".join(str(v).rstrip(" \0=") for v in values))

        walk(ds)
        out[path.name] = {"elements": len(lines), "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest()}
    return out


def concept(item) -> str:
    sequence = item.get("ConceptNameCodeSequence")
    return str(sequence[0].get("CodeMeaning", "")) if sequence else ""


def value_of(item) -> str:
    kind = item.get("ValueType", "")
    if kind == "CODE":
        codes = item.get("ConceptCodeSequence")
        return str(codes[0].get("CodeMeaning", "")) if codes else ""
    if kind == "NUM":
        measured = item.get("MeasuredValueSequence")
        if not measured:
            return ""
        units = measured[0].get("MeasurementUnitsCodeSequence")
        number = measured[0].NumericValue
        first = number[0] if isinstance(number, pydicom.multival.MultiValue) else number
        return f"{str(getattr(first, 'original_string', first)).strip()} {units[0].get('CodeValue', '') if units else ''}".strip()
    keyword = {"TEXT": "TextValue", "PNAME": "PersonName", "DATE": "Date", "TIME": "Time", "DATETIME": "DateTime",
               "UIDREF": "UID"}.get(kind)
    return str(item.get(keyword, "")).strip() if keyword else ""


def reports() -> dict:
    out = {}
    for path in sorted((DATA / "test_files").glob("*.dcm")):
        try:
            ds = pydicom.dcmread(path)
        except Exception:
            continue
        if "ContentSequence" not in ds or "ValueType" not in ds:
            continue
        rows = []

        def walk(item, depth: int) -> None:
            rows.append([depth, str(item.get("RelationshipType", "")), str(item.get("ValueType", "")), concept(item), value_of(item)])
            for each in item.get("ContentSequence", []):
                walk(each, depth + 1)

        walk(ds, 0)
        kinds: dict[str, int] = {}
        for row in rows:
            kinds[row[2]] = kinds.get(row[2], 0) + 1
        text = "\n".join("\t".join(map(str, row)) for row in rows)
        out[path.name] = {"items": len(rows), "kinds": kinds, "title": rows[0][3],
                          "sha256": hashlib.sha256(text.encode()).hexdigest()}
        if "--print" in sys.argv:
            print(path.name, text[:3000])
    return out


golden = {"made by": {"pydicom": pydicom.__version__}, "texts": made(), "files": files(), "reports": reports()}
pathlib.Path("test/golden/dicom-text.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
print(len(golden["texts"]), "texts;", {k: v["items"] for k, v in golden["reports"].items()})
