#!/bin/sh
# capture.sh: write config.json and info.json anew, as a real Space of Gradio 3 serves them, in a throw-away environment.
# The other versions are the last that Gradio 3.50.2 works with.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'kill "$space" 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gradio==3.50.2 'huggingface_hub<0.26' 'pydantic<2.11' 'numpy<2' fastapi==0.109.2 \
	'starlette<0.37' 'jinja2<3.1.5'
export GRADIO_ANALYTICS_ENABLED=False GRADIO_SERVER_PORT=7997 NO_PROXY=127.0.0.1,localhost
"$folder/venv/bin/python" space.py &
space=$!
for path in config info; do
	curl --silent --fail --noproxy '*' --retry 30 --retry-connrefused --retry-delay 1 "http://127.0.0.1:7997/$path" |
		python3 -m json.tool --indent 1 >"$path.json"
done
