#!/bin/sh
# guardian.sh PID SIGNAL [FOLDER]: ends PID when the process that started this script is gone, however it went.
#
# Standard input is a pipe whose other end only the parent holds. "released" on it means that PID has ended in order;
# end of file without it means that the parent died (kill -9 included), and PID must not outlive it.
trap '' HUP INT TERM

# Its state and start, which no other process that gets the id has: the 3rd and 22nd of the fields, of which the 2nd, the
# name, may hold spaces and brackets.
stat_of() {
  if [ -d /proc/self ]; then
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 1,20
  else
    echo "? $(LC_ALL=C ps -o lstart= -p "$1")"
  fi
}

pid=$1
stat=$(stat_of "$pid")
start=${stat#* }
read -r line
[ "$line" = released ] && exit 0

# A zombie has ended too: in a container nobody may be there to collect it.
alive() {
  stat=$(stat_of "$pid")
  [ -n "$start" ] && [ "${stat#* }" = "$start" ] && [ "${stat%% *}" != Z ]
}

signal() {
  alive && kill -"$1" "$pid" 2>/dev/null
}

signal CONT
signal "$2"
tries=0
# 100 x 0.1 s: PostgreSQL kills children that do not answer after 5 s by itself, so 10 s is twice what it needs.
while alive && [ "$tries" -lt 100 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
signal KILL
[ -n "$3" ] && rm -rf -- "$3"
exit 0
