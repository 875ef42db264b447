#!/bin/bash
# Runs on a node that the bench has booted: for each case the agent's apply, and then cp -a from the same mount. What
# either has left in the caches is dropped before the next. Results go to the bench as lines of JSON.
#
# $1: folder on an NFS source with the programs, the tables and the trees; $2: where results go
set -eu
from=$1
port=$2
mkdir -p /run/bench
cd /run/bench
# Programs out of memory, so that reading them is no part of what is measured.
cp "$from/statelite-agent" "$from/statelite-server" .
for card in /sys/class/net/*; do [ ! -e "$card/device" ] || break; done
card=${card##*/}
insmod "$from/sch_netem.ko"

# Calls to the server for all mounts that share the superblock of $1 (mountstats in proc_pid_mountstats(5)).
calls() {
	awk -v at="$1" '
		$1 == "device" { here = $5 == at }
		here && /per-op statistics/ { ops = 1; next }
		$1 == "device" { ops = 0 }
		here && ops && NF > 2 { total += $2 }
		END { print total + 0 }' /proc/self/mountstats
}

fresh() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

while read -r name delay rounds; do
	[ "$delay" = 0 ] || tc qdisc add dev "$card" root netem delay "${delay}ms" limit 100000
	source=$from/cases/$name
	for round in $(seq "$rounds"); do
		mkdir root copy
		mount -t tmpfs -o size=1g root root
		mkdir -p root/.statelite root/srv/bench
		./statelite-server serve --tables "$source/tables" --listen 127.0.0.1:3001 --hosts "$from/hosts" --no-dns \
			--cert "$from/server.pem" --key "$from/server.key" >/dev/null 2>&1 &
		server=$!
		until (: </dev/tcp/127.0.0.1/3001) 2>/dev/null; do sleep 0.2; done
		fresh
		before=$(calls "${from%/bench}")
		env -i PATH="$PATH" HOME=/ UV_THREADPOOL_SIZE=32 BUN_JSC_useDFGJIT=false ./statelite-agent apply --root root \
			--cmdline "XCAT=127.0.0.1:3001 NODE=n01 statelite.tls=insecure" >/dev/null
		kill $server
		mounted=/run/bench/root/.statelite/mnt/10.0.0.1/syncdirs/common/bench/cases/$name/tree
		after=$(calls "$mounted")
		[ "$(calls "${from%/bench}")" = "$after" ] || before=0
		fresh
		began=$(date +%s%N)
		cp -a "$mounted/srv/bench" copy/
		ended=$(date +%s%N)
		cp=$(calls "$mounted")
		diff -r root/srv/bench copy/bench >/dev/null && same=true || same=false
		cat root/.statelite/report.json >"$port"
		printf '{"kind":"copy","name":"%s","cp":%s,"same":%s,"agentCalls":%s,"cpCalls":%s}\n' \
			"$name" $(((ended - began) / 1000000)) $same $((after - before)) $((cp - after)) >"$port"
		umount -R root
		rm -rf root copy
	done
	[ "$delay" = 0 ] || tc qdisc del dev "$card" root
done <"$from/cases/list"
echo '{"kind":"done"}' >"$port"
