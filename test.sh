#!/bin/sh
# Evaluates a folder that holds a config and weights: of a run of ours, of a released checkpoint, or of an exported model.
#   sh test.sh FOLDER [options of tools/test.py, such as --weights ema_model, --hrda-out LR or --preset fast]
# Prints IoU per class and mIoU, writes palette PNG predictions to FOLDER/preds (with options: FOLDER/preds_<options>) and the
# result to FOLDER/eval.
set -eu

usage="usage: sh test.sh FOLDER [options of tools/test.py]"
if [ $# -lt 1 ]; then
    echo "$usage" >&2
    exit 2
fi
case $1 in
-h | --help)
    echo "$usage"
    echo
    exec "${PYTHON:-python}" "$(dirname "$0")/tools/test.py" --help
    ;;
esac
folder=${1%/}
shift
if [ ! -d "$folder" ]; then
    echo "error: $folder is not a folder. Give the folder of a run, such as work_dirs/demoHR2demoHR_hrda_s0_12345, or of a released checkpoint." >&2
    exit 2
fi
exec "${PYTHON:-python}" "$(dirname "$0")/tools/test.py" "$folder" --show-dir "$@"
