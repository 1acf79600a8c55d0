# The four commands of the README, and what they need. `make lab PYTHON=python3.12` picks another Python.
PYTHON ?= python3
LESSON ?=
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
BROWSER := $(VENV)/.browser

# A kit unpacked beside this file (make kit) is used instead of the network.
PIP_FROM := $(if $(wildcard kit/wheels),--no-index --find-links kit/wheels,)

# In a container one is often root, and Jupyter then wants to be told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root,)

.PHONY: help lab install run test soak kit doctor clean format

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

lab: $(STAMP)  ## install, fetch Kafka once, open JupyterLab at lesson 00
	@$(PY) -m helpers fetch kafka
	@$(PY) -m jupyter lab --ip=127.0.0.1 $(AS_ROOT) --ServerApp.root_dir="$(CURDIR)" \
		--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(JUPYTER_OPTIONS)

install: $(STAMP)  ## only create .venv and install what requirements.lock names

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
		"Python %d.%d is not supported: install Python 3.11, 3.12 or 3.13, or name one: make lab PYTHON=python3.12" % v)'
	@$(PYTHON) -m venv $(VENV) || { echo "cannot create $(VENV): on Debian and Ubuntu install python3-venv, then run the same again" >&2; \
		rm -rf $(VENV); exit 1; }

$(STAMP): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing $$(grep -c '==' requirements.lock) packages into $(VENV), once (about 340 MB to fetch, 1 to 3 minutes)"
	@$(PY) -m pip install --quiet --disable-pip-version-check $(PIP_FROM) --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP)  ## execute every lesson headlessly into build/, or one: make run LESSON=02
	@$(PY) -m helpers run $(LESSON) $(if $(JOBS),--jobs $(JOBS))

test: $(STAMP)  ## ruff, pytest, nbval over every lesson, the exercises' solutions
	@$(PY) tools/checks.py

$(BROWSER): $(STAMP) requirements-browser.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.lock
	@touch $@

soak: $(BROWSER)  ## what needs long or needs a browser: cloud target, other seeds, kills, JupyterLab in Chromium
	@tools/chromium.sh
	@$(PY) tools/checks.py --soak

kit: $(STAMP)  ## pack wheels, jars and registry into one archive for a room without a network
	@$(PY) -m helpers kit

.PHONY: slides
slides: $(STAMP)  ## the slides of docs/slides as HTML that works offline, into build/slides/
	@$(PY) tools/slides.py

doctor: $(STAMP)  ## the status checklist
	@$(PY) -m helpers doctor

format: $(STAMP)
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

clean:  ## remove .venv and build/ (the downloads in your user cache stay)
	rm -rf $(VENV) build
