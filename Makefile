# Transformers, Executed. `make` alone prints what there is.
PYTHON      ?= python3
VENV        ?= .venv
# An extra package index for the CPU build of torch on Linux (the address stands on pytorch.org/get-started):
TORCH_INDEX ?=
# A folder made by `make carry`, to install and fetch without any network:
WHEELS      ?=

BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := $(if $(WHEELS),--no-index --find-links "$(WHEELS)",$(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)"))
FROM    := $(if $(WHEELS),--from "$(WHEELS)")
NBVAL   := --nbval --nbval-current-env --nbval-cell-timeout=300 --nbval-sanitize-with tests/nbval_sanitize.cfg
QUIET   := TQDM_DISABLE=1

.DEFAULT_GOAL := help
.PHONY: help setup fetch course lab study class test bench lint format notebooks lock environment carry doctor clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready  ## the environment in .venv (does nothing when it is up to date)

# An interrupted installation leaves .installing behind; the environment is then made anew, since pip cannot tell a
# half-written package from a whole one. What was downloaded stays in pip's own cache.
$(VENV)/.ready: requirements.lock pyproject.toml
	@test ! -e $(VENV)/.installing || rm -rf $(VENV)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
		"This course needs Python 3.11 to 3.13; %s is %d.%d. Try: make PYTHON=python3.12 ..." % (sys.executable, *v))'
	@test -x $(BIN)/python || { mkdir -p $(VENV) && touch $(VENV)/.installing && $(PYTHON) -m venv $(VENV); }
	@touch $(VENV)/.installing
	@echo "Installing the packages of requirements.lock into $(VENV). This takes a minute or more; nothing is shown ..."
	@$(PIP) install --quiet $(SOURCES) -r requirements.lock
	@$(PIP) install --quiet $(if $(WHEELS),--no-index --find-links "$(WHEELS)") --no-deps -e .
	@rm $(VENV)/.installing && touch $@

fetch: setup  ## the checkpoints (does nothing when they are ready)
	@$(BIN)/python -m workshop fetch $(FROM)

course: fetch  ## execute every chapter, write the pages under build/, print the pipelines' answers
	@$(QUIET) $(BIN)/python -m workshop run
	@$(QUIET) $(BIN)/python -m workshop answers

lab: fetch study  ## study the chapters in JupyterLab, in study/
	@$(BIN)/jupyter labextension disable "@jupyterlab/apputils-extension:announcements"  # would ask a host for news
	@$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/study/00_start_here.ipynb

study: setup  ## write the chapters to study into study/, or bring what is new into yours; what you wrote stays
	@$(BIN)/python -m workshop study

class: setup  ## the chapters for nbgrader, in the folder that TO names
	@$(BIN)/python -m workshop class $(if $(TO),"$(TO)",class)

test: fetch  ## everything that is proved: the library, and every output of every chapter
	@$(QUIET) $(BIN)/python -m workshop run || true  # a chapter that fails is executed by nbval again, which says where and why
	@$(QUIET) $(BIN)/python -m pytest $(NBVAL) --executed build/executed tests chapters

bench: fetch  ## seconds, memory and bytes of the nine tasks, as a table in build/bench.md
	@$(QUIET) $(BIN)/python -m workshop bench

doctor: setup  ## check the machine, and say what to do about each problem
	@$(BIN)/python -m workshop doctor

lint: setup  ## check the style of the code and the form of the notebooks
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python -m workshop.editions.normalise --check

format: setup  ## mend the style of the code and the form of the notebooks
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . && $(BIN)/python -m workshop.editions.normalise

notebooks: fetch  ## execute the chapters in place and store their outputs (after an edit)
	@$(QUIET) $(BIN)/python -m workshop.editions.normalise --execute

environment:  ## write environment.yml from pyproject.toml
	@$(PYTHON) workshop/environment.py

lock:  ## write requirements.lock from pyproject.toml, in a fresh environment
	@$(PYTHON) workshop/lock.py

carry: setup  ## fill build/carry with all that a room without network needs: make course WHEELS=build/carry
	@$(PIP) wheel --quiet $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") -r requirements.lock "setuptools>=77" -w build/carry
	@$(BIN)/python -m workshop carry build/carry

clean:  ## remove the pages and results (the checkpoints stay in the cache)
	@rm -rf build
