#!/bin/sh
# `client keygen` ended by a signal at every call to the system that concerns files. Afterwards there is no secret key or
# a whole one; where the signal can be caught, also both keys or none, and no temporary file.
#   sh kill_client.sh CLIENT SERVER MODEL KEYGEN_OPTION...
# Ends with 77 where strace may not trace.
set -u
client=$1 server=$2 model=$3
shift 3
strace -o /dev/null true 2>/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mkdir "$folder/keys" && cd "$folder/keys" || exit 1
spec=$folder/spec.tnn image=$folder/image.pgm
"$server" spec --model "$model" --out "$spec" && "$client" draw --spec "$spec" --out "$image" || exit 1
calls='openat read write fsync close fchmod fstat newfstatat renameat2 rename link unlink'

fail() {
    echo "$signal at $call $number: $1" >&2
    ls -l >&2
    exit 1
}

# Whether keygen ran to its end, though the signal comes with the call that has this number among those of its name.
keygen() {
    strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=$signal:when=$number" \
        "$client" keygen --spec "$spec" --secret s.tnn --eval e.tnn "$@" 2>/dev/null
}

check() {
    if [ -e s.tnn ] && ! "$client" encrypt --spec "$spec" --secret s.tnn --image "$image" --out ../i.tnn; then
        fail 'a secret key that is not whole'
    fi
    case "$signal $(ls | tr '\n' ' ')" in
    KILL*) ;;
    *' e.tnn s.tnn ' | INT\ | TERM\ ) ;;
    *) fail 'half a pair, or a temporary file' ;;
    esac
}

for signal in KILL TERM INT; do
    killed=0
    for call in $calls; do
        number=1
        while ! keygen "$@"; do
            check
            rm -f -- *
            number=$((number + 1)) killed=$((killed + 1))
        done
        check
        rm -f -- *
    done
    echo "$signal: at $killed calls"
    [ "$killed" -gt 40 ] || fail 'fewer calls than keygen makes'
done
