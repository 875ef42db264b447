#!/bin/sh
# Installs Debian packages as root: install.sh PACKAGE...
# What they bring must neither start now nor at the next boot: this host's own ports are not the bench's.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

policy=/usr/sbin/policy-rc.d
own_policy=

# The services among what is new here; those of an administrator who had them before stay as they are.
services=
for package in nfs-ganesha nfs-common rpcbind; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || services="$services $package"
done

# What "systemctl disable" does, also where systemd is not installed (yet); a later upgrade leaves it that way.
disable_services() {
  for package in $services; do
    dpkg-query -L "$package" 2>/dev/null | sed -nE "s#.*/systemd/system/([^/@]*[.](service|socket|target))\$#\\1#p" |
      while read -r unit; do rm -f /etc/systemd/system/*.wants/"$unit"; done
  done
}
# However it ends: what an interrupted installation has brought by then must not start either.
trap '[ -z "$own_policy" ] || rm -f "$policy"; disable_services' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# invoke-rc.d(8) and deb-systemd-invoke(1p) ask this program before they start anything; 101 means "do not".
if [ ! -e "$policy" ]; then
  own_policy=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

install() {
  apt-get install --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 -qq "$@" </dev/null
}
install "$@" || {
  echo "set-up: that failed, perhaps as an installation was interrupted, or on old package lists:"
  echo "set-up: dpkg --configure -a, apt-get update, and once more"
  dpkg --force-confold --configure -a </dev/null || true
  apt-get update -qq
  install "$@"
}
