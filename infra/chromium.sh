#!/usr/bin/env bash
# chromium.sh [--install]: print the path of the Chromium, or the Google Chrome, of this machine. With --install, Debian's
# package is installed where there is none, by root.
# Exit codes: 0 found, 3 not found.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/debian.sh"

fail() { echo "chromium.sh: $1" >&2; exit "${2:-1}"; }

find_chromium() {
  local program
  for program in chromium chromium-browser google-chrome google-chrome-stable \
    {"${HOME:-}",}/Applications/{"Google Chrome.app/Contents/MacOS/Google Chrome",Chromium.app/Contents/MacOS/Chromium}; do
    if command -v "$program"; then return; fi
  done
  return 3
}

find_chromium && exit
if [ "${1:-}" = --install ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  (install_package chromium "") || true
fi
find_chromium || fail "no Chromium found. Install one: sudo $0 --install (Debian), brew install --cask google-chrome (macOS)." 3
