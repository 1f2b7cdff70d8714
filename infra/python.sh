#!/usr/bin/env bash
# python.sh [--install] VERSION...: print the path of a Python interpreter of the first version (3.13, say) that is found
# on this machine, beyond the PATH too. With --install, uv fetches the first version where there is none.
# Exit codes: 0 found, 3 not found.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail
shopt -s nullglob

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=$(eval "echo ~$(id -un)") # the user's own, whatever HOME says
uv=$(PATH=$PATH:$root/.venv/bin command -v uv || true) # make install-dev puts one there
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} # as pip does

versions_folders() { # where version managers keep their interpreters, each in a folder named by its version
  printf '%s\n' ${PYENV_ROOT:+"$PYENV_ROOT/versions"} "${HOME:-$home}/.pyenv/versions" "$home/.pyenv/versions" \
    {"${HOME:-$home}","$home"}/{.local/share/uv/python,.local/share/mise/installs/python,.asdf/installs/python} \
    /opt/hostedtoolcache/Python /opt/python /opt
  python3 -c 'import os, sys; print(os.path.dirname(sys.base_prefix))' 2>/dev/null || true # where the python3 in use lies
}

candidates() { # a version
  type -ap "python$1" || true # pyenv's shim may come first, and fail
  if [ -n "$uv" ]; then "$uv" python find --no-project --system "$1" 2>/dev/null || true; fi
  local folder
  while IFS= read -r folder; do
    printf '%s\n' "$folder"/{,python-,python,cpython-}"$1"*/{,*/}bin/python3
  done < <(versions_folders)
  printf '%s\n' {/usr/local,/opt/homebrew,/opt/local,"/Library/Frameworks/Python.framework/Versions/$1"}/bin/"python$1"
}

path_of() { # an interpreter, the version that it is to be: where it really lies, not a shim that HOME turns elsewhere
  "$1" -c 'import sys; "%d.%d" % sys.version_info[:2] == sys.argv[1] and print(sys.executable)' "$2" 2>/dev/null | grep .
}

find_python() { # versions
  local version python
  for version in "$@"; do
    while IFS= read -r python; do
      if path_of "$python" "$version"; then return; fi
    done < <(candidates "$version")
  done
  return 3
}

if [ "${1:-}" = --install ]; then
  shift
  find_python "$@" && exit
  [ -z "$uv" ] || "$uv" python install --quiet "$1" 2>/dev/null || true
fi
find_python "$@" || {
  echo "python.sh: no Python $1 found. Install one (uv python install $1, pyenv install $1, brew install python@$1)." >&2
  exit 3
}
