#!/bin/sh
# No two source files of the library need each other:
#   circles.sh NM SRC OBJECT...
#
# A file is a name with its .c and .h. It needs another where one of its two includes the other's header, or where its
# object refers to a symbol that the other's object defines. Prints each pair that needs each other; fails if there is
# one, or if no needs were found at all, which would prove nothing.
nm=$1
src=$2
shift 2

# "FROM TO" for each include between the library's own files.
includes() {
  find "$src" -name '*.[ch]' -exec grep -H '^#include "' {} + |
    sed -E 's|.*/([^/:]+)\.[ch]:#include "([^"]+)\.h"|\1 \2|'
}

# "FROM TO" for each reference between objects.
calls() {
  "$nm" -A "$@" | awk '
    { file = $1; sub(/:[^:]*$/, "", file); sub(/.*\//, "", file); sub(/\.c\.o$/, "", file) }
    $(NF - 1) == "U" { wanted[file, $NF]; next }
    $(NF - 1) ~ /[TDRBVW]/ { owner[$NF] = file }
    END { for (w in wanted) { split(w, p, SUBSEP); if (p[2] in owner) print p[1], owner[p[2]] } }'
}

needs=$( (includes; calls "$@") | awk '$1 != $2' | sort -u)
[ "$(printf '%s\n' "$needs" | wc -l)" -gt 50 ] || { echo "circles.sh found next to no needs: $needs" >&2; exit 1; }
circles=$(printf '%s\n' "$needs" | awk '{ need[$1, $2] } END { for (n in need) { split(n, p, SUBSEP)
  if (p[1] < p[2] && (p[2], p[1]) in need) print p[1] " and " p[2] " need each other" } }')
[ -z "$circles" ] || { printf '%s\n' "$circles" >&2; exit 1; }
