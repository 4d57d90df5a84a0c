#!/usr/bin/env bash
# Builds service and page and starts both on 127.0.0.1, the page on port 8800, the service on 8801, until it is interrupted.
#
#     examples/web/start.sh [MODEL.tnn ...]
set -euo pipefail
cd "$(dirname "$0")/../.."
models=("$@")
[ $# -gt 0 ] || models=(examples/models/{pneumoniamnist,breastmnist,digits,adrenalmnist3d}.tnn)
examples/web/build.sh
trap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT
build/venv/bin/torusnn serve "${models[@]/#/--model=}" --keys build/page-keys --port 8801 --origin http://127.0.0.1:8800 &
build/venv/bin/python examples/web/page.py --client build/web/torusnn-client --site build/page --service http://127.0.0.1:8801 --port 8800 &
wait -n
