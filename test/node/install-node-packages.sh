#!/usr/bin/env bash
# Installs from the Debian registry what test/node/ needs besides Kubernetes' own programs. Only what is missing is
# installed, so a second run does nothing, and a machine that has Docker's containerd keeps it.
set -euo pipefail

fail() {
  echo "install-node-packages: $1" >&2
  exit 1
}

# A file or a command, and the package that has it.
needed=(
  ip:iproute2
  nsenter:util-linux
  containerd:containerd
  runc:runc
  /usr/lib/cni/ptp:containernetworking-plugins
  iptables:iptables
  conntrack:conntrack
  buildah:buildah
  /usr/bin/busybox:busybox-static
)

missing=()
for pair in "${needed[@]}"; do
  what=${pair%%:*}
  if [[ $what == /* ]]; then [[ -x $what ]] || missing+=("${pair#*:}"); else command -v "$what" >/dev/null || missing+=("${pair#*:}"); fi
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo 'Everything that a node needs is installed.'
  exit 0
fi

command -v apt-get >/dev/null || fail "this machine has no apt-get; install by other means what these Debian packages have: ${missing[*]}."
[[ $(id -u) -eq 0 ]] || fail "installing ${missing[*]} needs root; run it with sudo."

export DEBIAN_FRONTEND=noninteractive
bounds=(-o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=120)
apt-get "${bounds[@]}" update -qq || fail 'the list of Debian packages could not be fetched; see what apt-get says above, and /etc/apt/sources.list.'
apt-get "${bounds[@]}" install -y -qq --no-install-recommends "${missing[@]}" >&2 || fail "apt-get could not install ${missing[*]}; what it says is above."
echo "Installed: ${missing[*]}."
