# Everything runs from .venv, made from the hash-pinned requirements/dev.txt. No other step is needed.
PYTHON ?= python3
VENV   ?= .venv
# Tests wait for servers and processes that they kill: one worker more than there are cores is busy.
# Each worker has a stretch of the tests and helps the others at its end: servers are built and started by few of them.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
BIN     = $(VENV)/bin
READY   = $(VENV)/ready

.PHONY: help test lint demo bench soak drawn fuzz picture lock clean
help:
	@echo "make demo     the story, end to end, on a real SOAP server and a real batch file (KEEP=1 leaves it up)"
	@echo "make test     lint, types, import rule, tests"
	@echo "make bench    the ratios that the README quotes, written to bench/results/"
	@echo "make soak     collecting while being killed 200 times, written to bench/results/"
	@echo "make drawn    a bundle from every WSDL of the corpus, and the stopwatch, written to bench/results/"
	@echo "make fuzz     the SOAP codec against its interpreter and against zeep, 50,000 random replies each"
	@echo "make picture  the console's screenshot for the README (needs Chromium)"
	@echo "make lock     pin requirements/dev.txt again"

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("brownfield needs Python 3.11 or newer: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src adapters
	$(BIN)/lint-imports --no-cache

test: lint
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(OPTIONS)

demo: $(READY)
	$(BIN)/python fixtures/demo.py $(if $(KEEP),--keep)

bench: $(READY)
	$(BIN)/python bench/run.py
	$(BIN)/python bench/soap.py
	$(BIN)/python bench/files.py
	$(BIN)/python bench/snapshot.py

soak: $(READY)
	mkdir -p build && rm -rf build/soak && $(BIN)/python tests/crash/soak.py build/soak 200 > build/soak.json && mv build/soak.json bench/results/soak.json
	cat bench/results/soak.json

drawn: $(READY)
	$(BIN)/python bench/new.py

fuzz: $(READY)
	BROWNFIELD_FUZZ=50000 $(BIN)/pytest tests/adapters/soap/test_codec.py tests/adapters/soap/test_fuzz.py

picture: $(READY)
	$(BIN)/python bench/picture.py

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra all --group dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache build dist
