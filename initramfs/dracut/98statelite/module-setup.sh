#!/bin/bash
# The agent in an initrd that dracut makes (dracut.modules(7)): dracut brings up the network and mounts the image,
# the agent does the rest, from the query to the verification, just before the root is switched.

check() {
    require_binaries /usr/lib/statelite/statelite-agent || return 1
    # Only where it is asked for: dracut --add statelite.
    return 255
}

depends() {
    echo nfs
}

installkernel() {
    instmods nfsv3 nfsv4 overlay
}

install() {
    inst_binary /usr/lib/statelite/statelite-agent
    # Without it the agent trusts no server, and says so.
    inst_simple /usr/lib/statelite/ca.pem
    inst_hook pre-pivot 50 "$moddir/statelite-apply.sh"
    inst_multiple cat env
}
