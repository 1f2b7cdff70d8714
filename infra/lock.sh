#!/bin/sh
# lock.sh: write the lock files anew. Each names all that its requirements files lead to, at one version for every
# platform and every Python that Trilog runs on, with the hashes of its files: nothing else is installed.
#
# A version that a lock file has already is kept while it fits; to have all that is newer, delete the lock file first.
set -eu
cd "$(dirname "$0")/.."
python=3.11 # the oldest

lock() { # LOCK REQUIREMENTS…
	file=$1
	shift
	echo "$file"
	uv pip compile --quiet --universal --python-version $python --generate-hashes --annotation-style line \
		--custom-compile-command "make lock" --output-file "$file" "$@"
}

# The widest first: the others take their versions from it. What builds Trilog itself is named by pyproject.toml.
sed -n 's/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml | lock requirements-dev.lock requirements-dev.txt -
sed -n 's/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml |
	lock requirements.lock --constraint requirements-dev.lock requirements.txt examples/space/requirements.txt -
for function in collector indexer ingest traces; do
	lock functions/$function/requirements.lock --constraint requirements-dev.lock --no-deps functions/$function/requirements.txt
	lock infra/gcp/$function.lock --constraint requirements-dev.lock functions/$function/requirements.txt infra/gcp/requirements.txt
done
sed -n 's/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml |
	lock infra/observability/requirements.lock --constraint requirements-dev.lock requirements.txt -
lock functions/drift/requirements.lock --constraint requirements-dev.lock functions/drift/requirements.txt
lock infra/gcp/drift.lock --constraint requirements-dev.lock functions/drift/requirements.txt infra/gcp/requirements.txt
lock infra/drift/evidently.lock infra/drift/evidently.txt
lock notebooks/requirements.lock notebooks/requirements.txt
lock examples/anomaly/requirements.lock examples/anomaly/requirements.txt
lock examples/fastapi/requirements.lock --constraint requirements-dev.lock examples/fastapi/requirements.txt
lock examples/load/requirements.lock examples/load/requirements.txt
python=3.13 # LocalStack's
for name in requirements requirements-functions; do
	lock infra/localstack/$name.lock --no-deps infra/localstack/$name.txt
done
