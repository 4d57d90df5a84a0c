#!/bin/sh
# run.sh program corpus dictionary longest seconds folder: fuzzes for so many seconds, from the corpus and from what
# earlier runs found. What was found stays in folder/corpus, an input that fails in folder/failed-*, and is printed.
set -eu
program=$1 corpus=$2 dictionary=$3 longest=$4 seconds=$5 folder=$6
mkdir -p "$folder/corpus"
rm -f "$folder"/failed-*
# What the readers say of bad files goes nowhere; what libFuzzer and the sanitizers say stays.
status=0
"$program" "$folder/corpus" "$corpus" -dict="$dictionary" -max_len="$longest" -max_total_time="$seconds" -timeout=60 -report_slow_units=60 \
    -rss_limit_mb=2048 -close_fd_mask=3 -verbosity=0 -print_funcs=0 -artifact_prefix="$folder/failed-" || status=$?
find "$folder" -maxdepth 1 -name 'failed-*' -print -exec base64 {} \;
exit $status
