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
for format, bits in [("16", 16), ("24", 24), ("32", 32), ("80", 8), ("212", 12), ("61", 16)]:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        most = 2 ** (min(bits, 20) - 1) - 1
        digital = rng.integers(-most, most, (21, 3))
        # The lowest number stands for "none".
        digital[5, 1] = -(2 ** (bits - 1))
        written = "16" if format in ("212", "61") else format
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
            # wfdb reads these and does not write them: any bytes are samples.
            header = pathlib.Path("r.hea").read_text().replace("r.dat 16 ", f"r.dat {format} ")
            pathlib.Path("r.hea").write_text(header)
            pathlib.Path("r.dat").write_bytes(rng.bytes(21 * 3 * bits // 8 + 1))
        record = wfdb.rdrecord("r")
        values = [[None if numpy.isnan(v) else round(float(v), 6) for v in column] for column in record.p_signal.T]
        records[format] = {
            "header": pathlib.Path("r.hea").read_text(),
            "data": pathlib.Path("r.dat").read_bytes().hex(),
            "values": values,
        }
        os.chdir(here)
path = ".corpus/usr/lib/python3/dist-packages/pydicom/data/test_files/waveform_ecg.dcm"
data = pydicom.dcmread(path)
groups = []
for index, item in enumerate(data.WaveformSequence):
    array = data.waveform_array(index)
    names = [c.ChannelSourceSequence[0].CodeMeaning for c in item.ChannelDefinitionSequence]
    groups.append({"rate": float(item.SamplingFrequency), "names": names, "samples": len(array), "every": array[::499].T.round(4).tolist()})
text = json.dumps({"wfdb": records, "dicom": {"name": path.replace(".corpus/", ""), "groups": groups}}, separators=(",", ":"))
pathlib.Path("test/golden/signals.json").write_text(text + "\n")
print(len(text), "bytes")
