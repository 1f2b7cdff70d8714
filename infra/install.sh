#!/bin/sh
# install.sh VENV REQUIREMENT…: install into a virtual environment, made if need be; by uv where it is, else by pip.
set -eu
venv=$1
shift
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
	echo "Python 3.11 or newer is needed as python3; found: $(python3 --version 2>&1)" >&2
	exit 1
fi
echo "Installing into $venv: $*"
if command -v uv >/dev/null; then
	uv venv --quiet --allow-existing --python "$(command -v python3)" "$venv"
	uv pip install --quiet --python "$venv/bin/python" "$@"
else
	[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
	"$venv/bin/python" -m pip install --quiet "$@"
fi
