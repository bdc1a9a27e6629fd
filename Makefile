# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONTRACTS := tests/connectors/contracts
# where npm is not there, the contract checks skip and say so
PRISM := $(if $(shell command -v npm 2>/dev/null),$(VENV)/contracts/.installed)
REPORT_CHECKS := tests/pipelines/apps/study_report/browser
# likewise: without npm the report is not held against accessibility rules
AXE := $(if $(shell command -v npm 2>/dev/null),$(VENV)/report-checks/.installed)

.PHONY: demo test lint unit proofs identity-validation study-validation mutants bench bench-build bench-expertise bench-study bench-verify crash pictures lock clean

# runs the main job on a synthetic district and shows who knows what
demo: $(VENV)/.installed
	$(BIN)/expertise demo --folder demo

# everything CI runs: lint, types, layering, every test
test: lint unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.installed-dev $(PRISM) $(AXE)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# people who share, change or lose what identifies them, seeds 1 to 20: what the rules make of them; half a minute
identity-validation: $(VENV)/.installed-dev
	$(BIN)/python -m tests.pipelines.identity.validation

# planted effects, 1,000 seeds of two ways to select who earns, every estimator of the study
study-validation: $(VENV)/.installed-dev
	$(BIN)/python -m tests.analysis.study.validation

# tests that take a minute or more each, on top of `make test`: every death of a run, a folded month, each source dark
proofs: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m proof --numprocesses auto --dist loadfile

# puts faults into a copy of the project, one at a time: the test that guards against each must fail
mutants: $(VENV)/.installed-dev
	$(BIN)/python -m tests.guarantees.mutants

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# the mock server that requests are replayed against, beside the environment and out of the project's folders
$(VENV)/contracts/.installed: $(addprefix $(CONTRACTS)/,package.json package-lock.json .npmrc) | $(VENV)/pyvenv.cfg
	mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --loglevel=error
	touch $@

# the accessibility rules that the study's report is held against in a browser
$(VENV)/report-checks/.installed: $(addprefix $(REPORT_CHECKS)/,package.json package-lock.json .npmrc) | $(VENV)/pyvenv.cfg
	mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --loglevel=error
	touch $@

# landing beside a bare HTTP drain and beside dlt, which gets an environment of its own
bench: $(VENV)/.installed-dev
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check "dlt[filesystem]>=1,<2" pyarrow
	$(BIN)/python tests/benchmarks/landing.py --dlt $(VENV)-bench/bin/python

# judging, building and publishing 600, 6,000 and 24,000 teachers; some ten minutes and 4 GB of disk
bench-build: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmarks/build.py

# expertise, coverage and pairing of 7,000, 35,000 and 70,000 teachers; a quarter of an hour and 30 GB of disk
bench-expertise: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmarks/expertise.py

# the study of 70,000 teachers over eight years, from built marts to the written report
bench-study: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmarks/study.py

# signed badges end to end beside the bare library
bench-verify: $(VENV)/.installed-dev
	PYTHONPATH=. $(BIN)/python tests/benchmarks/verification.py

# 100 kills at random instants, then equality with undisturbed runs; an hour or so
crash: $(VENV)/.installed-dev
	$(BIN)/python -m tests.guarantees.crashes.random_instants

# draws the pictures in the README anew; needs chromium
pictures: $(VENV)/.installed-dev
	$(BIN)/python -m tests.guarantees.pictures.night
	$(BIN)/python -m tests.guarantees.pictures.study

# writes both lock files anew; needs uv
lock:
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-strip-extras --no-annotate --no-header --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-strip-extras --no-annotate --no-header --quiet --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) $(VENV)-bench demo
