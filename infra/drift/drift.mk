# Drift: what `trilog drift` needs, and what its verdict is worth. See docs/drift.md.
EVIDENTLY := .tools/evidently
NOTEBOOKS := .tools/notebooks

.PHONY: install-drift install-evidently install-notebooks bench-drift

install-drift: $(VENV)/.installed  ## what trilog drift needs besides: numpy, scipy and PyYAML
	@infra/install.sh $(VENV) functions/drift/requirements.lock

install-evidently:  ## Evidently, which makes the report of drift as HTML, into .tools/evidently (1 GB)
	@infra/install.sh $(EVIDENTLY) infra/drift/evidently.lock

install-notebooks:  ## what notebooks/ needs, pandas and matplotlib, into .tools/notebooks (300 MB)
	@infra/install.sh $(NOTEBOOKS) notebooks/requirements.lock

bench-drift: $(VENV)/.installed-dev  ## false and missed alarms of drift by simulation, 10 minutes; quick: RUNS=200
	@$(PYTHON) -m tests.drift.cost
	@$(PYTHON) -m tests.drift.simulation --runs $(if $(findstring command,$(origin RUNS)),$(RUNS),3000)
