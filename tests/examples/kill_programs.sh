#!/bin/sh
# `client keygen`, `client encrypt` and `server infer` ended by a signal at every call to the system that concerns files.
# Afterwards each file is whole or not there; where the signal can be caught, there is also no temporary file, and both
# keys or none.
#   sh kill_programs.sh CLIENT SERVER MODEL
# Ends with 77 where strace may not trace.
set -u
client=$1 server=$2 model=$3
strace -o /dev/null true 2>/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mkdir "$folder/made" && cd "$folder/made" || exit 1
calls='openat read write fsync close fchmod fstat newfstatat renameat2 rename link unlink'

fail() {
    echo "$signal at $call $number: $1" >&2
    ls -l >&2
    exit 1
}

keygen() {
    $1 "$client" keygen --spec ../spec.tnn --secret s.tnn --eval e.tnn --no-passphrase
}
encrypt() {
    $1 "$client" encrypt --spec ../spec.tnn --secret ../s.tnn --image ../image.pgm --out i.tnn
}
infer() {
    $1 "$server" infer --model "$model" --key ../e.tnn --in ../i.tnn --out o.tnn --threads 1
}

# Whether each file that has its name can be read.
keygen_is_whole() {
    [ ! -e s.tnn ] || "$client" encrypt --spec ../spec.tnn --secret s.tnn --image ../image.pgm --out ../try.tnn
}
encrypt_is_whole() {
    [ ! -e i.tnn ] || [ "$(wc -c < i.tnn)" -eq "$(wc -c < ../i.tnn)" ]
}
infer_is_whole() {
    [ ! -e o.tnn ] || "$client" decrypt --spec ../spec.tnn --secret ../s.tnn --in o.tnn > /dev/null
}

check() {
    "${verb}_is_whole" || fail 'a file that is not whole'
    case "$signal $(ls | tr '\n' ' ')" in
    KILL*) ;;
    TERM\ | 'TERM e.tnn s.tnn ' | 'TERM i.tnn ' | 'TERM o.tnn ') ;;
    *) fail 'half a pair, or a temporary file' ;;
    esac
    rm -f -- *
}

number=0 call=none signal=none verb=none
"$server" spec --model "$model" --out ../spec.tnn && "$client" draw --spec ../spec.tnn --out ../image.pgm && keygen '' &&
    mv s.tnn e.tnn .. && encrypt '' && mv i.tnn .. || fail 'nothing to begin with'
for verb in keygen encrypt infer; do
    for signal in KILL TERM; do
        killed=0
        for call in $calls; do
            number=1
            while ! "$verb" "strace -f -qq -o /dev/null -e trace=$call -e inject=$call:signal=$signal:when=$number" \
                2>/dev/null; do
                check
                number=$((number + 1)) killed=$((killed + 1))
            done
            check
        done
        echo "$verb, $signal: at $killed calls"
        [ "$killed" -gt 40 ] || fail 'fewer calls than it makes'
    done
done
