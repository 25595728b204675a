#!/bin/sh
# The first process of a node: it runs in mount, PID and network namespaces of its own, furnishes them, and collects
# the dead. When it is killed, the kernel ends every process of the node and drops its mounts, interfaces and rules.
set -eu

# What programs of a node keep in fixed places stays inside.
for place in /run /var/log /var/lib/cni /var/lib/kubelet; do
  mkdir -p "$place"
  mount -t tmpfs -o mode=755 tmpfs "$place"
done
mkdir -p /run/lock

ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward

: >/run/node-is-furnished
while :; do
  sleep 3600 &
  wait $!
done
