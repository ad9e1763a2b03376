#!/bin/sh
# Evaluates a released folder (config as *.json, latest.pth) or a run of ours (config.py, latest.pth):
#   sh test.sh FOLDER [options of tools/test.py, such as --weights ema_model, --hrda-out LR or --preset fast]
# Prints IoU per class and mIoU, writes palette PNG predictions to FOLDER/preds (with options: FOLDER/preds_<options>) and the
# result to FOLDER/eval.
set -eu

fail() {
    echo "error: $1" >&2
    exit 2
}

# Lists the files among the arguments that exist, separated by spaces; results and logs are no configs.
existing() {
    found=
    for file in "$@"; do
        case ${file##*/} in result.json | evaluations.json | *.log.json) continue ;; esac
        [ -f "$file" ] && found="$found ${file##*/}"
    done
    echo "${found# }"
}

# choose WHAT CANDIDATES NAME...: sets $chosen to the first name that the folder holds, else to the only candidate.
choose() {
    what=$1 candidates=$2
    shift 2
    [ -n "$candidates" ] || fail "$run holds no $what among its files ($(existing "$run"/*)). Give the folder of a run or of a released checkpoint, or use python tools/test.py CONFIG CHECKPOINT."
    chosen=$run/$candidates
    for name in "$@"; do
        if [ -f "$run/$name" ]; then chosen=$run/$name && return; fi
    done
    [ -f "$chosen" ] || fail "$run holds several ${what}s: $candidates. Use python tools/test.py CONFIG CHECKPOINT with one of them."
}

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
run=${1%/}
shift
[ -d "$run" ] || fail "$run is not a folder. Give the folder of a run, such as work_dirs/demoHR2demoHR_hrda_s0_12345, or of a released checkpoint."

choose config "$(existing "$run"/*.json "$run"/*.py)" config.py "${run##*/}.json"
config=$chosen
choose checkpoint "$(existing "$run"/*.pth)" latest.pth
checkpoint=$chosen
echo "config $config, checkpoint $checkpoint"

exec "${PYTHON:-python}" "$(dirname "$0")/tools/test.py" "$config" "$checkpoint" --show-dir "$@"
