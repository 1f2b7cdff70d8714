#!/bin/sh
# audit.sh: compare all that is locked with the published advisories, those of PyPI and of npm.
# It fails where a locked version has a known flaw, and as well where the advisories cannot be had: it never says that
# all is well of what it has not compared.
set -u
cd "$(dirname "$0")/.."
failed=

for lock in requirements-dev.lock functions/*/requirements.lock infra/gcp/*.lock examples/*/requirements.lock notebooks/requirements.lock infra/localstack/*.lock; do
	echo "$lock"
	# --strict: a package of which nothing is known is a failure; without, it is passed over.
	pip-audit --strict --progress-spinner off --disable-pip --require-hashes --requirement "$lock" || failed="$failed $lock"
done
echo package-lock.json
npm audit --package-lock-only --no-update-notifier || failed="$failed package-lock.json"

if [ -n "$failed" ]; then
	echo "✗ not cleared:$failed. Above stands what is flawed, or why the advisories were not to be had." >&2
	exit 1
fi
echo "✓ no known flaw in what is locked"
