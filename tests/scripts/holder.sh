# holder.sh LABEL HOSTNAME ROOT STAGE - the init of one node's pid namespace.
#
# Runs in fresh mount, network, pid, uts and ipc namespaces.  It says "ready <pid>" on stdout, with the pid that
# the outer world sees, and lives until its stdin closes: then the kernel kills every process of the node, and
# mounts, network and files go with the namespaces.  ROOT "-" is a node without files of its own (a switch).
set -eu
label=$1 name=$2 root=$3 stage=$4
read -r pid _ </proc/self/stat # still the outer /proc
hostname "$name"

if [ "$root" = - ]; then
  mount -t proc proc /proc
else
  mount -t tmpfs -o mode=755 "$label" "$stage"
  mkdir "$stage/upper" "$stage/work" "$stage/root"
  mount -t overlay -o "lowerdir=$root,upperdir=$stage/upper,workdir=$stage/work" "$label" "$stage/root"
  cd "$stage/root"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t tmpfs -o mode=755 tmpfs run
  mkdir -p dev/shm
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  pivot_root . mnt
  cd /
  umount -l /mnt
  mkdir -p /run/frr /run/lock /var/log/frr /var/tmp/frr /etc/frr
  rm -f /etc/frr/frr.conf
  echo "service integrated-vtysh-config" >/etc/frr/vtysh.conf
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" >/etc/hosts
  echo "$name" >/etc/hostname
  chown -R frr:frr /run/frr /var/log/frr /var/tmp/frr /etc/frr
fi

cd /proc/sys/net
for scope in all default; do
  echo 0 >ipv6/conf/$scope/disable_ipv6
  echo 1 >ipv6/conf/$scope/forwarding
  echo 0 >ipv6/conf/$scope/accept_dad        # link-local addresses are usable at once
  echo 1 >ipv6/conf/$scope/keep_addr_on_down # as IPv4 does
  echo 0 >ipv4/conf/$scope/rp_filter
done
echo 1 >ipv4/ip_forward
cd /

echo "ready $pid"
exec >/dev/null
read -r _ || true
