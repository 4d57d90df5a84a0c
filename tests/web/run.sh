#!/usr/bin/env bash
# Builds service, page and client where they are not built, and runs the page's tests in headless Chromium. Pictures of
# each state go to build/page-tests/pictures, or to the folder that TORUSNN_PICTURES names.
set -euo pipefail
cd "$(dirname "$0")/../.."
examples/web/build.sh
mkdir -p build/page-tests
cp tests/web/package.json tests/web/package-lock.json build/page-tests
npm ci --prefix build/page-tests --ignore-scripts --no-audit --no-fund
node --test tests/web
