# Starts a journald of its own on a host called api-1, sends it a few messages, and prints them in the form that is given.
hostname api-1
name=trilog$$
/lib/systemd/systemd-journald "$name" 2>journald.err &
journald=$!
for _ in $(seq 100); do [ -S "/run/systemd/journal.$name/dev-log" ] && break; sleep 0.1; done
say() { logger --socket "/run/systemd/journal.$name/dev-log" "$@"; }
say --id=4242 --tag scoring --priority user.info '2 rows scored in 12.5 ms'
say --id=4242 --tag scoring --priority daemon.warning "$(printf '\033[33mfeature AGE is missing\033[0m')"
say --id=4242 --tag scoring --priority local0.err '2026-11-26 14:40:01,123 - scoring.api - ERROR - request 7f3b failed'
python3 - "/run/systemd/journal.$name/socket" <<'END'
import socket, sys
text = b"out of memory:\nthe second line"
fields = b"PRIORITY=2\nSYSLOG_IDENTIFIER=scoring\nMESSAGE\n" + len(text).to_bytes(8, "little") + text + b"\n"
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(fields, sys.argv[1])
END
sleep 1
fields=
[ "$1" != json ] || fields=--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_COMM,_HOSTNAME,_TRANSPORT
journalctl --namespace="$name" --quiet --identifier=scoring --output="$1" $fields
kill "$journald"
wait
rm -rf "/run/log/journal/"*".$name" "/var/log/journal/"*".$name" "/run/systemd/journal.$name"
