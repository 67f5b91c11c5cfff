#!/bin/sh
# guardian.sh PID SIGNAL [FOLDER]: ends PID when the process that started this script is gone, however it went.
#
# Standard input is a pipe whose other end only the parent holds. "released" on it means that PID has ended in order;
# end of file without it means that the parent died (kill -9 included), and PID must not outlive it.
trap '' HUP INT TERM
read -r line
[ "$line" = released ] && exit 0

# A zombie has ended too: in a container nobody may be there to collect it.
alive() {
  kill -0 "$1" 2>/dev/null && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null
}

kill -CONT "$1" 2>/dev/null
kill -"$2" "$1" 2>/dev/null
tries=0
# 100 x 0.1 s: PostgreSQL kills children that do not answer after 5 s by itself, so 10 s is twice what it needs.
while alive "$1" && [ "$tries" -lt 100 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
kill -KILL "$1" 2>/dev/null
[ -n "$3" ] && rm -rf -- "$3"
exit 0
