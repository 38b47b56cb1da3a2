#!/usr/bin/env bash
# Request Tracker 5 of Debian, to measure against: installed with its SQLite database into an overlay
# over this system, so that nothing of it stays behind. As root.
#   request_tracker.sh install        once; the overlay lives in memory until `remove`
#   request_tracker.sh run PORT       serves in the foreground, two workers, until it is ended
#   request_tracker.sh count          tickets there are
#   request_tracker.sh remove
set -euo pipefail
readonly base=/dev/shm/deskmate-rt
readonly root=$base/root
readonly ready=$base/ready
readonly wait_s=900

mounted() { mountpoint -q "$1" || return 1; }

tracker() { # perl with RT loaded
  chroot "$root" perl -I/usr/share/request-tracker5/lib -MRT -e "RT::LoadConfig(); RT::Init(); $1"
}

devices() { # FOLDER
  mount -t tmpfs -o mode=755 tmpfs "$1"
  mknod -m 666 "$1/null" c 1 3
  mknod -m 666 "$1/zero" c 1 5
  mknod -m 666 "$1/random" c 1 8
  mknod -m 666 "$1/urandom" c 1 9
  ln -s /proc/self/fd "$1/fd"
  mkdir "$1/shm"
}

install() {
  [ ! -e "$ready" ] || return 0
  mkdir -p "$base/upper" "$base/work" "$root"
  mounted "$root" || mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$root"
  mounted "$root/proc" || mount -t proc proc "$root/proc"
  # Its own devices, not a second way to this system's: who deletes the folder with all that is mounted
  # in it must not lose them.
  mounted "$root/dev" || devices "$root/dev"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d" # no servers of the packages' own
  chmod 755 "$root/usr/sbin/policy-rc.d"
  chroot "$root" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive timeout "$wait_s" chroot "$root" \
    apt-get install -y -qq --no-install-recommends request-tracker5 rt5-db-sqlite > "$base/install.log" 2>&1
  cat > "$root/etc/request-tracker5/RT_SiteConfig.d/90-bench.pm" <<'PM'
Set($WebDomain, 'localhost');
Set($WebPath, '');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'critical');
1;
PM
  # Anybody may open a ticket; no mails are sent for it, as the desk sends none either.
  tracker 'my $all = RT::Group->new(RT->SystemUser); $all->LoadSystemInternalGroup("Everyone");
    $all->PrincipalObj->GrantRight(Right => $_) for qw(CreateTicket ReplyToTicket SeeQueue);
    my $scrips = RT::Scrips->new(RT->SystemUser); $scrips->UnLimit;
    while (my $scrip = $scrips->Next) { $scrip->SetDisabled(1) }' > "$base/rights.log" 2>&1
  touch "$ready"
}

case "${1:-}" in
  install) install ;;
  run)
    exec chroot "$root" /usr/share/request-tracker5/libexec/rt-server \
      --server Starlet --port "$2" --max-workers 2
    ;;
  count) tracker 'my $t = RT::Tickets->new(RT->SystemUser); $t->FromSQL("id > 0"); print $t->CountAll' ;;
  remove)
    for at in "$root/dev" "$root/proc" "$root"; do ! mounted "$at" || umount "$at"; done
    rm -rf "$base"
    ;;
  *)
    sed -n '2,8p' "$0" >&2
    exit 2
    ;;
esac
