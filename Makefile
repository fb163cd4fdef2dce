# Everything a developer runs. PYTHON chooses the interpreter: make test PYTHON=python3.7
PYTHON ?= python3
VENV ?= .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
RUN = $(VENV)/bin

.PHONY: all setup torch test check demo lint wheel clean

all: lint test

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --upgrade pip
	touch $@

# What the demo needs, and all that a developer needs; installed again when pyproject.toml changes.
$(VENV)/.demo: pyproject.toml | $(VENV)/.made
	$(RUN)/python -m pip install --quiet -e ".[train]"
	touch $@

$(VENV)/.ready: pyproject.toml | $(VENV)/.made
	$(RUN)/python -m pip install --quiet -e ".[train,beam,dev]"
	touch $(VENV)/.demo $@

setup: $(VENV)/.ready

# PyTorch, for the tests that need it: its build for processors, a tenth of the other. It is not on PyPI.
TORCH = torch==2.13.0+cpu
torch: setup
	$(RUN)/python -m pip install --quiet "$(TORCH)" || $(RUN)/python -m pip install --quiet \
		--timeout 20 --retries 1 --extra-index-url https://download.pytorch.org/whl/cpu "$(TORCH)"

test: setup
	$(RUN)/python -m pytest

# Lint, types and the tests that are quick: for each change, before `make test`.
check: lint
	$(RUN)/python -m pytest -q -m "not slow and not tf and not long"

# Renders, trains and scores in ./demo; see examples/demo.sh.
demo: $(VENV)/.demo
	PATH="$(abspath $(RUN)):$$PATH" bash examples/demo.sh demo

# ruff and mypy need Python 3.11 or newer; the code they check runs on 3.7 too.
lint: setup
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

wheel: setup
	$(RUN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf build dist demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .venv*
