#!/bin/sh
# pre-pivot: the image is mounted at $NEWROOT, and nothing runs from it yet.
type getarg > /dev/null 2>&1 || . /lib/dracut-lib.sh

if [ -n "$(getarg XCAT=)" ]; then
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ /usr/lib/statelite/statelite-agent apply \
        --root "$NEWROOT" --cmdline "$(cat /proc/cmdline)" --ca /usr/lib/statelite/ca.pem > /dev/console 2>&1 \
        || die "statelite: the root is not what the tables describe; the lines above say what to do"
fi
