#!/bin/sh
# Evaluates a run: sh test.sh work_dirs/<run> [further options of tools/test.py]
# Prints per-class IoU and mIoU and writes palette PNG predictions to <run>/preds.
set -eu
if [ $# -lt 1 ]; then
    echo "usage: sh test.sh work_dirs/<run> [options of tools/test.py]" >&2
    exit 2
fi
run=${1%/}
shift
here=$(dirname "$0")
for file in "$run/config.py" "$run/latest.pth"; do
    if [ ! -f "$file" ]; then
        echo "error: $file does not exist. Give the folder of a run, such as work_dirs/demoHR2demoHR_hrda_s0_12345." >&2
        exit 2
    fi
done
exec "${PYTHON:-python}" "$here/tools/test.py" "$run/config.py" "$run/latest.pth" --show-dir "$run/preds" "$@"
