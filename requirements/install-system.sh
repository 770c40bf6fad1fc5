#!/bin/sh
# Install the Debian or Ubuntu packages named in the given files (one a line, # begins a comment).
#
# With root or passwordless sudo what is missing is installed by apt; otherwise it is named and the caller goes on
# where it can. Where nothing is missing this takes a few milliseconds. PYTHON names the Python that was found, if
# any. Everything is said on standard error.
set -eu
exec >&2

say() { printf '%s\n' "$*"; }

wanted=$(sed 's/#.*//' "$@")
if [ -n "${PYTHON:-}" ] && "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    wanted=$(printf '%s\n' $wanted | grep -v '^python3' || true)
fi

installed() { dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

missing=
if command -v dpkg-query >/dev/null; then
    for package in $wanted; do
        installed "$package" || missing="$missing $package"
    done
else
    say "This is neither Debian nor Ubuntu; these packages are expected under whatever names they have here:"
    say " " $wanted
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    say "Missing system packages, and neither root nor passwordless sudo to install them. Please run:"
    say "  sudo apt-get install$missing"
    exit 0
fi

apt() { $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$@" </dev/null; }

say "Installing system packages:$missing"
apt install $missing >/dev/null 2>&1 && exit 0
apt update || say "The package lists could not be refreshed."
apt install $missing >/dev/null 2>&1 && exit 0
for package in $missing; do
    # One that has no candidate here must not keep the others away.
    apt install "$package" >/dev/null || say "Could not install $package; what needs it will say so."
done
