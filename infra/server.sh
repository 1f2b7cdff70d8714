# A server in the background, known by its process id in a file. The scripts of the servers source this; they have the
# functions `usage` and `fail`, a function `ready` that says whether the server answers, and the variables
#
#   name       what the server is called
#   address    where it answers
#   port       the port of 127.0.0.1 that it listens on
#   pid_file   holds its process id
#   mark       stands in the command line of its process, and of no other's
#   log        the file for what it prints
#   command    an array: what starts it
#   kill_with  the signal for one that does not come up; -9 unless it is set
#
# Written for bash 3.2, which is what macOS has.

take() { # the usual port, and a script's arguments: ACTION DIR [PORT [DATA]]
  local usual=$1
  shift
  [ $# -ge 2 ] || usage
  action=$1 port=${3:-$usual}
  if [ "$action" = install ]; then mkdir -p "$2"; fi
  dir=$(cd "$2" 2>/dev/null && pwd) || fail "nothing is installed in $2. Run: ${0##*/} install $2"
  data=${4:-$dir/data} pid_file=$dir/run/$port.pid log=$data/server.log
}

act() { # what the scripts do alike; they have `install`, and `prepare`, which makes the command
  case $action in
    install) install ;;
    start) refuse_second; prepare; exec "${command[@]}" ;;
    start-background) refuse_second; prepare; start_background ;;
    stop) stop ;;
    *) usage ;;
  esac
}

escaped() { printf '%s' "$1" | sed 's/[&#\\]/\\&/g'; } # for what replaces in sed's s#…#…#

running() { # a process id may have been given to another program since
  [ -f "$pid_file" ] && ps -ww -p "$(cat "$pid_file")" -o command= 2>/dev/null | grep -qF "$mark"
}

refuse_second() {
  running && fail "$name runs on port $port already (process $(cat "$pid_file"))"
  listening && fail "port $port is taken by another server"
  return 0
}

give_up() {
  tail -n 20 "$log" >&2
  kill "${kill_with:--9}" "$pid" 2>/dev/null || true
  rm -f "$pid_file"
  fail "$1"
}

start_background() {
  local tries=0
  mkdir -p "$(dirname "$pid_file")"
  nohup "${command[@]}" > "$log" 2>&1 < /dev/null &
  local pid=$!
  echo "$pid" > "$pid_file"
  until ready; do
    kill -0 "$pid" 2>/dev/null || give_up "$name stopped while starting; its log is $log"
    tries=$((tries + 1))
    [ "$tries" -lt 400 ] || give_up "$name does not answer on port $port after 100 seconds; its log is $log"
    sleep 0.25
  done
  echo "$name answers at $address (process $pid, log $log)"
}

stop() {
  running || { rm -f "$pid_file"; echo "$name does not run on port $port"; return; }
  kill "$(cat "$pid_file")"
  while running; do sleep 0.1; done
  rm -f "$pid_file"
  await_free_port
  echo "$name on port $port is stopped"
}

listening() { (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; }

await_free_port() { # ps calls a process gone while its last threads still end: they have the port, for at most 10 s
  local tries=0
  while listening && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
}

answers_well() { # to a GET of a path, by HTTP
  (
    exec 3<> "/dev/tcp/127.0.0.1/$port"
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
    head -n 1 <&3 | grep -q '^HTTP/1.. 200'
  ) 2> /dev/null
}
