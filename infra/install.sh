#!/bin/sh
# install.sh VENV LOCK [FOLDER]: install what a lock file names, by its hashes, into a virtual environment, made if need
# be; then the project in a folder, as it stands there. By uv where it is, else by pip.
set -eu
venv=$1 lock=$2 project=${3:+--editable $3}
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
	echo "Python 3.11 or newer is needed as python3; found: $(python3 --version 2>&1)" >&2
	exit 1
fi
echo "Installing into $venv: $lock"
if command -v uv >/dev/null; then
	uv venv --quiet --allow-existing --python "$(command -v python3)" "$venv"
	install() { uv pip install --quiet --python "$venv/bin/python" "$@"; }
else
	[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
	install() { "$venv/bin/python" -m pip install --quiet "$@"; }
fi
install --require-hashes --no-deps --requirement "$lock"
# The lock file has what builds the project, too: nothing is fetched for that without a hash.
[ -z "$project" ] || install --no-deps --no-build-isolation $project
