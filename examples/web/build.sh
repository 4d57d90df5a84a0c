#!/usr/bin/env bash
# Builds what start.sh and the page's tests run: the service in build/venv, the client in build/web. A service that is
# installed there is kept: pip install it again where its sources have changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -x build/venv/bin/python ] || python3 -m venv build/venv
if ! build/venv/bin/python -c 'import torusnn.serve' 2> /dev/null; then
    PIP_CONSTRAINT=$PWD/tests/python/requirements.txt build/venv/bin/pip install --quiet '.[serve]'
fi
cmake --preset web > build/web-configure.log || { cat build/web-configure.log; exit 1; }
cmake --build --preset web
