# A server, or another program, that is a package of Debian's. The scripts of such source this; they have the function
# `fail` too.
#
# Written for bash 3.2, which is what macOS has.

install_package() { # the package, what to do where there is no Debian: it is installed, and its service is not started
  command -v apt-get > /dev/null || fail "not installed. $2" 3
  [ "$(id -u)" = 0 ] || fail "not installed. Run this once as root: it installs Debian's $1, and does not start its service" 3
  mkdir -p "$HOME/.cache/trilog"
  exec 9> "$HOME/.cache/trilog/apt.lock"
  flock 9 # one at a time
  echo "Installing $1 ..." >&2
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d # "not allowed", to whoever starts a service
    chmod +x /usr/sbin/policy-rc.d
  fi
  apt-get update -qq >&2 || true # without a network, what was fetched before may do
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" > /dev/null \
    || fail "$1 cannot be installed. Check the network, or the mirror in /etc/apt."
}
