# Two commands on a fresh machine with Python 3.11 and make: `make run` and `make test`.
# Each kind of work has its own environment, so that neither serving nor testing needs torch.

PYTHON      ?= $(firstword $(wildcard $(addsuffix /python3.11,$(subst :, ,$(PATH)))) python3)
VENV        ?= .venv
VENV_TEST   ?= .venv-test
VENV_TRAIN  ?= .venv-train
ARGS        ?=

# Twice quiet: errors are shown, remarks on the local pip configuration are not.
PIP_QUIET    = -qq --disable-pip-version-check
INPUTS       = pyproject.toml constraints.txt
SCRIPTS      = scripts benchmarks
SERVED       = fhir_server cds_hooks inference terminology security
# A comma inside $(call ...) would end the argument.
TRAIN_EXTRAS = [test,train]

# $(call install,FOLDER,EXTRAS): one environment with the product in editable form.
# The build backend is pinned like everything else, hence no isolated build. What is installed in
# editable form pip does not compile: the first start would wait for it.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'Attending needs Python 3.11 or newer; "$(PYTHON)" is not. Name one: make $@ PYTHON=/path/to/python3.11' >&2; exit 1; }
	@echo 'Installing $(1) (once; again only when pyproject.toml or constraints.txt change) ...'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'This Python has no venv module; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/python -m pip install $(PIP_QUIET) -c constraints.txt setuptools
	@$(1)/bin/python -m pip install $(PIP_QUIET) -c constraints.txt --no-build-isolation -e '.$(2)'
	@$(1)/bin/python -m compileall -q $(SERVED)
	@touch $(1)/.installed
endef

.DEFAULT_GOAL := help
.PHONY: help run demo test test-kill test-kill-hl7v2 test-fuzz test-models models lint shape bench constraints clean
# A recipe that fails half-way leaves no stamp behind.
.DELETE_ON_ERROR:

help: ## list the commands
	@echo 'Attending: make COMMAND'
	@sed -n 's/^\([a-z0-9-]*\):.*## /  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

run: $(VENV)/.installed ## start the server (installs it first where needed)
	@$(VENV)/bin/attending serve $(ARGS)

demo: $(VENV)/.installed ## a lab result comes in, a hook call gets a card: each step printed
	@$(VENV)/bin/attending demo $(ARGS)

test: $(VENV_TEST)/.installed ## every test but those that rebuild the models; ARGS='-k ...' to choose
	@$(VENV_TEST)/bin/python -m pytest -m 'not train' $(ARGS)

test-kill: $(VENV_TEST)/.installed ## kill -9 during a load of writes, 100 rounds on each database
	@KILL_ROUNDS=$(or $(ROUNDS),100) $(VENV_TEST)/bin/python -m pytest tests/acceptance/test_store_survives_kill.py $(ARGS)

test-kill-hl7v2: $(VENV_TEST)/.installed ## kill -9 during a load of HL7v2 messages, 200 rounds on each database
	@HL7V2_KILL_ROUNDS=$(or $(ROUNDS),200) $(VENV_TEST)/bin/python -m pytest -s tests/acceptance/test_hl7v2_survives_kill.py $(ARGS)

test-fuzz: $(VENV_TEST)/.installed ## 100,000 streams of MLLP frames, whole, torn and random
	@FUZZED_STREAMS=$(or $(STREAMS),100000) $(VENV_TEST)/bin/python -m pytest tests/property/test_hl7v2_framing.py -k fuzzed $(ARGS)

test-models: $(VENV_TRAIN)/.installed ## rebuild every model with torch and compare
	@$(VENV_TRAIN)/bin/python -m pytest -m train $(ARGS)

models: $(VENV_TRAIN)/.installed ## build the ONNX files of the models
	@$(VENV_TRAIN)/bin/python -m inference.build $(ARGS)

lint: $(VENV_TEST)/.installed ## ruff, mypy --strict, import-linter
	@$(VENV_TEST)/bin/ruff check --quiet .
	@$(VENV_TEST)/bin/ruff format --quiet --check .
	@$(VENV_TEST)/bin/mypy --no-error-summary
	@$(VENV_TEST)/bin/mypy --no-error-summary $(SCRIPTS)
	@$(VENV_TEST)/bin/lint-imports --no-logo

shape: $(VENV_TEST)/.installed ## sizes, cycles, duplicates, docstrings and what the docs name
	@$(VENV_TEST)/bin/python -m scripts.shape

bench: $(VENV_TEST)/.installed ## requests per second, latency, start time, memory
	@$(VENV_TEST)/bin/python -m benchmarks $(ARGS)

constraints: ## move every pin to the newest version that fits
	@rm -rf build/constraints
	@mkdir -p build
	@$(PYTHON) -m venv build/constraints
	@build/constraints/bin/python -m pip install $(PIP_QUIET) --upgrade setuptools
	@build/constraints/bin/python -m pip install $(PIP_QUIET) --no-build-isolation -e '.[test,train]'
	@$(PYTHON) scripts/constraints.py --into constraints.txt build/constraints/bin/python
	@rm -rf build/constraints

clean: ## remove the environments and every cache; data stays
	@rm -rf $(VENV) $(VENV_TEST) $(VENV_TRAIN) build dist *.egg-info
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: $(INPUTS)
	$(call install,$(VENV),)

$(VENV_TEST)/.installed: $(INPUTS)
	$(call install,$(VENV_TEST),[test])

$(VENV_TRAIN)/.installed: $(INPUTS)
	$(call install,$(VENV_TRAIN),$(TRAIN_EXTRAS))
