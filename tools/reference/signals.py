"""Reference values for signals: wfdb's own writer and reader in each format, pydicom's waveforms.

Writes test/golden/signals.json. Needs numpy, wfdb, pydicom, and .corpus (sh tools/corpus.sh).
"""

import json
import os
import pathlib
import tempfile

import numpy
import pydicom
import wfdb

rng = numpy.random.default_rng(4)
records = {}
here = os.getcwd()
def bytes_of(*names):
    return {name: pathlib.Path(name).read_bytes().hex() for name in names}


def values_of(columns):
    return [[None if numpy.isnan(v) else round(float(v), 6) for v in column] for column in columns]


def any_bytes(format, length):
    data = bytearray(rng.bytes(length))
    # The two upper bits of four bytes of 311 are not used; wfdb takes one of them for a part of a sample.
    if format == "311":
        data[3::4] = bytes(byte & 0x3F for byte in data[3::4])
    return bytes(data)


# wfdb reads these and does not write them: any bytes are samples.
unwritten = {"212": 96, "61": 128, "310": 84, "311": 84, "8": 63, "160": 126}
for format, bits in [("16", 16), ("24", 24), ("32", 32), ("80", 8), *((f, 16) for f in unwritten)]:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        most = 2 ** (min(bits, 20) - 1) - 1
        digital = rng.integers(-most, most, (21, 3))
        # The lowest number stands for "none".
        digital[5, 1] = -(2 ** (bits - 1))
        written = "16" if format in unwritten else format
        wfdb.wrsamp(
            "r",
            fs=360,
            units=["mV", "uV", "mmHg"],
            sig_name=["I", "lead V1", "ABP"],
            d_signal=digital,
            fmt=[written] * 3,
            adc_gain=[200, 12.5, 100],
            baseline=[0, 3, -50],
        )
        if written != format:
            header = pathlib.Path("r.hea").read_text().replace("r.dat 16 ", f"r.dat {format} ")
            pathlib.Path("r.hea").write_text(header)
            pathlib.Path("r.dat").write_bytes(any_bytes(format, unwritten[format]))
        record = wfdb.rdrecord("r")
        records[format] = {
            "header": pathlib.Path("r.hea").read_text(),
            "data": pathlib.Path("r.dat").read_bytes().hex(),
            "values": values_of(record.p_signal.T),
        }
        os.chdir(here)

# Signals of other rates, one that lags behind the others, and a length that only the file knows.
timed = {}
for format, length in [("16", "20"), ("212", "20"), ("311", "18"), ("8", "20"), ("16", "")]:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        # wfdb cannot shift differences.
        late = "" if format == "8" else ":2"
        header = f"""r 3 125 {length}
r.dat {format}x4 200 12 0 7 0 0 ECG
r.dat {format} 10(3)/mmHg 12 0 -4 0 0 ABP
r.dat {format}{late} 1000/uV 12 0 9 0 0 PLETH
"""
        pathlib.Path("r.hea").write_text(header)
        bits = {"16": 16, "212": 12, "311": 32 / 3, "8": 8}[format]
        pathlib.Path("r.dat").write_bytes(any_bytes(format, round(20 * 6 * bits / 8)))
        record = wfdb.rdrecord("r", smooth_frames=False)
        timed[f"{format}, {length or 'no'} frames"] = {
            "header": header,
            "files": bytes_of("r.dat"),
            "values": values_of(record.e_p_signal),
        }
        os.chdir(here)

# Records of segments: all with the same signals; with some of them each, and a gap.
segmented = {}
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    names = ["I", "II", "ABP"]
    for segment, length, some in [("a", 7, [0, 1, 2]), ("b", 5, [0, 1, 2]), ("c", 6, [2, 0]), ("d", 4, [1])]:
        digital = rng.integers(-2000, 2000, (length, len(some)))
        units = [["mV", "mV", "mmHg"][i] for i in some]
        gains = [[200, 100, 10][i] for i in some]
        labels = [names[i] for i in some]
        wfdb.wrsamp(segment, 250, units, labels, d_signal=digital, fmt=["16"] * len(some), adc_gain=gains, baseline=[4] * len(some))
    layout = "v 3 250 0\n~ 0 200/mV 0 0 0 0 0 I\n~ 0 100/mV 0 0 0 0 0 II\n~ 0 10/mmHg 0 0 0 0 0 ABP\n"
    pathlib.Path("v.hea").write_text(layout)
    for kind, header in [
        ("fixed", "m/2 3 250 12\na 7\nb 5\n"),
        ("variable", "m/5 3 250 20\nv 0\nc 6\n~ 3\na 7\nd 4\n"),
    ]:
        pathlib.Path("m.hea").write_text(header)
        record = wfdb.rdrecord("m")
        files = [*(f"{name}.dat" for name in "abcd"), *(f"{name}.hea" for name in "abcdv")]
        segmented[kind] = {"header": header, "files": bytes_of(*files), "values": values_of(record.p_signal.T)}
    os.chdir(here)
path = ".corpus/usr/lib/python3/dist-packages/pydicom/data/test_files/waveform_ecg.dcm"
data = pydicom.dcmread(path)
groups = []
for index, item in enumerate(data.WaveformSequence):
    array = data.waveform_array(index)
    names = [c.ChannelSourceSequence[0].CodeMeaning for c in item.ChannelDefinitionSequence]
    groups.append({"rate": float(item.SamplingFrequency), "names": names, "samples": len(array), "every": array[::499].T.round(4).tolist()})
text = json.dumps({"wfdb": records, "timed": timed, "segmented": segmented, "dicom": {"name": path.replace(".corpus/", ""), "groups": groups}}, separators=(",", ":"))
pathlib.Path("test/golden/signals.json").write_text(text + "\n")
print(len(text), "bytes")
