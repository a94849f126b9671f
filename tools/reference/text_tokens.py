"""Writes test/golden/tokenizers/: token ids of Python's tokenizers and transformers on the texts below.

Run from the root of the repository: python tools/reference/text_tokens.py MERGES
where MERGES is OpenAI's bpe_simple_vocab_16e6.txt.gz. (Not called tokenizers.py: that name would hide the package.)
With --check FOLDER it instead loads the tokenizer folders clip-small and bert-small that Vesalius wrote into FOLDER,
demands the golden ids from them, and notes the hashes of the files in test/golden/tokenizers/vesalius.json.
"""

import gzip
import hashlib
import json
import pathlib
import random
import subprocess
import sys

import tokenizers
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, BertTokenizer, CLIPTokenizer

OUT = pathlib.Path("test/golden/tokenizers")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

TEXTS = [
    "",
    " ",
    "\n\t ",
    "a photo of a cat",
    "a photo of a chest X-ray",
    "A PHOTO OF A MAMMOGRAPHY",
    "no pneumothorax",
    "There is no pleural effusion or pneumothorax.",
    "FINDINGS: The lungs are clear. The cardiomediastinal silhouette is within normal limits.",
    "IMPRESSION:\n1. Stable mild cardiomegaly.\n2. Hyperexpanded but clear lungs.",
    "A 3.5 cm mass in the right upper lobe (series 4, image 87), previously 2.1 cm.",
    "3.5cm x 2,4cm; 12/03/2019 at 07:45 a.m.",
    "1234567890 000 3e-4 1.5T",
    "It's the patient's; they'll, we've, I'm, you're, don't, he'd, IT'S",
    "'s 't 're 've 'm 'll 'd",
    "multiple     spaces   and\ttabs\r\nand\n\nnew lines  ",
    "   leading and trailing   ",
    "&lt;b&gt;bold&lt;/b&gt; &amp; &nbsp; &#39;",
    "<b>html</b> <br/>",
    "naïve café résumé Ångström Müller ß ẞ İstanbul ı",
    "ΟΔΟΣ ΣΟΦΟΣ σοφός Ω Ω",
    "e\u0301 vs \u00e9, A\u030a vs \u00c5, \u1e9b\u0323",
    "Пневмоторакс не выявлен. ЁЖ",
    "胸部X線写真に異常なし。",
    "左肺上叶结节",
    "𠀀𠀁 and 𪜀 extended ideographs",
    "한국어 보고서",
    "الرئتان صافيتان",
    "फेफड़े साफ हैं",
    "ปอดปกติ",
    "No se observan derrames pleurales; corazón de tamaño normal.",
    "😀 👍🏽 👩‍⚕️ 🩻 ❤️",
    "flags 🇩🇪🇯🇵 and math 𝐗-𝓻𝓪𝔂",
    "zero\u200bwidth\u200djoiner\u2060 and soft\u00adhyphen",
    "\ufeffbyte order mark in!\ufeff?the middle",
    "control \u0000 \u0001 \u0007 \u001b \u007f \u0085 \u009f chars",
    "replacement \ufffd character",
    "no-break\u00a0space, thin\u2009space, ideographic\u3000space, line\u2028separator",
    "“quotes” ‘single’ – en — em … ellipsis • bullet",
    "±5 mm, ≤10 µm, 37 °C, 10⁻³, H₂O, ½ ¾, ²",
    "#hashtag @mention user_name file.name@example.org https://example.org/a?b=c&d=%20",
    "_under_score_ --- *** ___ ... !!! ???",
    "a" * 99,
    "b" * 100,
    "c" * 101,
    "pneumonoultramicroscopicsilicovolcanoconiosis " * 3,
    "x" * 400,
    "word " * 200,
    "the lungs are clear. " * 40,
    "XXXX year old male with ___ and [**Hospital**]",
    "<|startoftext|>inside<|endoftext|>",
    "<|STARTOFTEXT|> upper",
    "[CLS] [SEP] [MASK] [PAD] [UNK] [cls]",
    "[MASK]ed and half[MASK]",
    "CamelCaseWords and ALLCAPS and mIxEd",
    "hyphen-ated well-defined non-small-cell",
    "T2-weighted FLAIR MRI; b=1000 s/mm²",
    "C5/C6, L4-L5, T12.",
    "(parentheses) [brackets] {braces} <angles>",
    "back\\slash and / slash | pipe ~ tilde ^ caret ` tick $ dollar",
    "Cardiomegaly. Cardiomegaly! cardiomegaly? CARDIOMEGALY",
    "\u0130\u0131\u017f\u212a ligatures \ufb01\ufb02 fullwidth ＡＢＣ１２３",
    "0\u0660\u0966\u4e00\u2160 digits of other scripts",
    "ends with an apostrophe'",
    "'",
    ".",
]


def corpus() -> list[str]:
    """A few hundred report-like texts; every count is fixed by the seed."""
    rng = random.Random(7)
    findings = "nodule mass consolidation atelectasis effusion pneumothorax cardiomegaly edema emphysema fibrosis".split()
    places = ["right upper lobe", "left lower lobe", "lingula", "right base", "left apex", "retrocardiac region"]
    sizes = ["small", "large", "moderate", "tiny", "3.5 cm", "12 mm"]
    normal = ["The lungs are clear.", "Heart size is normal.", "No acute cardiopulmonary abnormality.", "No pleural effusion."]
    texts = []
    for _ in range(300):
        parts = [rng.choice(normal) for _ in range(rng.randrange(3))]
        for _ in range(rng.randrange(1, 4)):
            kind = rng.random()
            finding = rng.choice(findings)
            if kind < 0.5:
                parts.append(f"There is a {rng.choice(sizes)} {finding} in the {rng.choice(places)}.")
            elif kind < 0.8:
                parts.append(f"No {finding}.")
            else:
                parts.append(f"Possible {finding}; follow-up is recommended.")
        texts.append(" ".join(parts))
    return texts


def train(texts: list[str], size: int, frequency: int, lowercase: bool = True, settle: bool = False) -> list[str]:
    """The vocabulary in id order. Python numbers the `##` letters in the order of a hash table, and ties between pairs go
    by number, so two runs differ. `settle` hands all letters in as special tokens, sorted: then every run is the same."""
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first = list(SPECIALS)
    if settle:
        words = [w for t in texts for w, _ in tok.pre_tokenizer.pre_tokenize_str(tok.normalizer.normalize_str(t))]
        first += sorted({c for w in words for c in w}) + sorted({"##" + c for w in words for c in w[1:]})
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=frequency, special_tokens=first, show_progress=False
    )
    tok.train_from_iterator(texts, trainer)
    return [token for token, _ in sorted(tok.get_vocab().items(), key=lambda item: item[1])]


def read_merges(path: str) -> list[tuple[str, str]]:
    lines = gzip.open(path).read().decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    return [tuple(line.split()) for line in lines]


def clip(merges: list[tuple[str, str]]) -> CLIPTokenizer:
    codes = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    codes += range(256, 256 + 256 - len(codes))
    chars = [chr(c) for c in codes]
    vocab = chars + [c + "</w>" for c in chars] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={t: i for i, t in enumerate(vocab)}, merges=merges, model_max_length=77)


def ids(tok, length: int) -> list[list[int]]:
    return tok(TEXTS, truncation=True, max_length=length)["input_ids"]


def write(path: pathlib.Path, value) -> None:
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def check(folder: pathlib.Path) -> None:
    golden = json.loads((OUT / "ids.json").read_text())
    seen = {"made by": golden["made by"], "files": {}}
    for name, length, key in [("clip-small", 77, "clip-small"), ("bert-small", 128, "bert-small")]:
        for how, tok in [
            ("auto", AutoTokenizer.from_pretrained(folder / name)),
            ("own", (CLIPTokenizer if name.startswith("clip") else BertTokenizer).from_pretrained(folder / name)),
        ]:
            assert ids(tok, length) == golden["ids"][key], (name, how)
            assert tok.model_max_length == length, (name, how)
            assert tok.pad_token in ("<|endoftext|>", "[PAD]")
        for file in sorted((folder / name).iterdir()):
            seen["files"][f"{name}/{file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    write(OUT / "vesalius.json", seen)


def main() -> None:
    if sys.argv[1] == "--check":
        return check(pathlib.Path(sys.argv[2]))
    if sys.argv[1] == "--train":  # one run in a process of its own: hash seeds, and so ties, differ between processes
        texts = json.load(sys.stdin)
        return print(json.dumps(train(texts, 300, 2)))
    OUT.mkdir(parents=True, exist_ok=True)
    merges = read_merges(sys.argv[1])
    full, small = clip(merges), clip(merges[:500])
    vocab = train(corpus() + TEXTS, 1500, 2, settle=True)
    bert = BertTokenizer(vocab={t: i for i, t in enumerate(vocab)}, model_max_length=128)
    cased_vocab = train(corpus() + TEXTS, 1500, 2, lowercase=False, settle=True)
    cased = BertTokenizer(vocab={t: i for i, t in enumerate(cased_vocab)}, do_lower_case=False, model_max_length=128)
    small.save_pretrained(OUT / "clip-small")
    bert.save_pretrained(OUT / "bert-small")
    (OUT / "merges-500.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges[:500]))
    (OUT / "vocab-cased.txt").write_text("".join(f"{t}\n" for t in cased_vocab))
    write(
        OUT / "ids.json",
        {
            "made by": {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__},
            "texts": TEXTS,
            "ids": {
                "clip": ids(full, 77),
                "clip-small": ids(small, 77),
                "clip-small-16": ids(small, 16),
                "bert-small": ids(bert, 128),
                "bert-small-16": ids(bert, 16),
                "bert-cased": ids(cased, 128),
            },
        },
    )
    texts = corpus()
    free = [
        json.loads(
            subprocess.run(
                [sys.executable, __file__, "--train"], input=json.dumps(texts), capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(6)
    ]
    print("different vocabularies among the free runs:", len(set(map(frozenset, free))))
    write(
        OUT / "training.json",
        {
            "made by": {"tokenizers": tokenizers.__version__},
            "texts": texts,
            "settled": [
                {"size": n, "frequency": f, "lowercase": low, "vocab": train(texts, n, f, low, True)}
                for n, f, low in [(150, 2, True), (300, 2, True), (1000, 1, True), (1000, 20, True), (400, 2, False)]
            ],
            "mixed": {"size": 2500, "frequency": 1, "vocab": train(TEXTS, 2500, 1, True, True)},
            "free": {"size": 300, "frequency": 2, "always": sorted(set.intersection(*map(set, free)))},
        },
    )


if __name__ == "__main__":
    main()
