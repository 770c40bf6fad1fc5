#!/bin/sh
# Install the pinned packages of the given file into .venv, in two halves at once: unpacking keeps one core busy each.
#
# The list is complete and each line has its hashes, so there is nothing to resolve. Nothing is compiled either: Python
# does that once for what it loads, which is half of it.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

install_half() {
    awk -v half="$1" '/^[^ #]/ { count++ } count % 2 == half' "$file" >"$folder/$1.txt"
    .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet --quiet \
        install --no-deps --no-compile --require-hashes -r "$folder/$1.txt"
}

file=$1
install_half 0 &
failed=0
install_half 1 || failed=$?
wait $! || failed=$?
exit "$failed"
