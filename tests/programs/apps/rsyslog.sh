# Starts rsyslogd on a host called api-1, sends it a few messages, and stops it.
sed "s|FOLDER|$PWD|" rsyslog.conf >run.conf
hostname api-1
rsyslogd -n -f "$PWD/run.conf" -i "$PWD/rsyslogd.pid" &
for _ in $(seq 100); do [ -S log.socket ] && break; sleep 0.1; done
say() { logger --socket "$PWD/log.socket" "$@"; }
say --id=4242 --tag scoring --priority user.info '2 rows scored in 12.5 ms'
say --tag scoring --priority daemon.warning 'feature AGE is missing'
say --id=4242 --tag scoring --priority local0.err "2026-11-26 14:40:01,123 - scoring.api - ERROR - request 7f3b failed"
say --tag kernel-like --priority user.debug 'loading model: model.joblib'
say --id=4242 --tag scoring --priority user.crit 'out of memory'
sleep 1
kill "$!"
wait
