# Everything runs in .venv, which `make setup` makes from the hashed lock in requirements.txt.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long kube-test mutate fuzz flagd-oracle lint docs docs-site bench benchmark-all \
	test-ml-pipeline lock clean build build-db build-spotify build-ai-context build-deps build-redis build-metrics \
	dist images chart

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with boombap, its embedded servers and the development tools

# Byte code is compiled here, because the environment may forbid Python to write it later: starts would take twice as long.
$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("boombap needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m compileall -q src .venv/lib || true
	@touch $(READY)

demo: $(READY) ## a guided tour of the tools on embedded servers; ends by itself
	@$(BIN)/python -m compileall -q src
	@$(BIN)/boombap demo tour

# Several processes share the two cores while others wait for servers; more than four only wait for each other.
# Byte code of the tests is kept, also where the environment forbids it: a second run begins in half the time.
test: $(READY) ## the whole test suite
	@$(BIN)/python -m compileall -q src
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

test-long: $(READY) ## the tests that take long: kills, failovers
	$(BIN)/python -m pytest -m slow

# etcd and kube-apiserver are on PATH, or in the folder of KUBE_BIN; helm is brought by `make chart`. Without them this
# fails.
kube-test: $(READY) ## the admission policy and the Helm chart in a real API server
	KUBE_REQUIRED=1 $(BIN)/python -m pytest -n 0 -m slow tests/deps/enforcement/test_api_server.py \
		tests/deploy/test_chart_api_server.py

mutate: $(READY) ## break each rule once, and check that a test fails
	$(BIN)/python tests/mutations/run.py

fuzz: .venv-fuzz/.ready ## invent files for each reader of deps, a minute a reader
	.venv-fuzz/bin/python tests/fuzz/fuzz_readers.py

.venv-fuzz/.ready: tests/fuzz/requirements.txt requirements.txt
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements.txt -r tests/fuzz/requirements.txt
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

flagd-oracle: .venv-flagd/.ready ## flagd's own core, which the long tests compare with

.venv-flagd/.ready: tests/flags/requirements.txt
	$(PYTHON) -m venv .venv-flagd
	.venv-flagd/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/flags/requirements.txt
	@touch $@

lint: $(READY) ## format and lint, types, import layers, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

docs: $(READY) ## write the generated reference pages
	$(BIN)/python docs/generate.py

# An environment of its own, so that `make setup` stays as it is. A broken link or a page outside the navigation fails
# it (with --quiet they would not count), and so does a page that makes a browser ask another host for something.
docs-site: .venv-docs/.ready ## the documentation as a site, in site/
	.venv-docs/bin/mkdocs build --strict --clean
	! grep -rnoE '(src|<link[^>]*href)="?(https?:)?//[^"> ]*' site --include='*.html'

.venv-docs/.ready: docs/requirements.txt
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r docs/requirements.txt
	@touch $@

bench: $(READY) ## time and memory of each tool, beside the old way
	$(BIN)/python -m compileall -q src
	$(BIN)/python benchmarks/db.py
	$(BIN)/python benchmarks/redis.py --keys 100000 --runs 2

benchmark-all: $(READY) ## both engines of all six tools in turn, their memory together, and the page of the results
	$(BIN)/python -m benchmarks.suite
	$(BIN)/python benchmarks/page.py

# The latency makes the run long enough to be killed in the middle.
test-ml-pipeline: $(READY) ## 500 tracks through all stages by both engines, and once more with a kill -9 in the middle
	$(BIN)/python benchmarks/benchmark_ml_pipeline.py --tracks 500 --latency-ms 20 --kill

# One environment for each tool, with what its extra brings and nothing else; nothing is compiled to a binary.
build-db: EXTRA := db
build-spotify: EXTRA := spotify
build-ai-context: EXTRA := ctx
build-deps: EXTRA := deps
build-redis: EXTRA := redis
build-metrics: EXTRA := metrics

build: build-db build-spotify build-ai-context build-deps build-redis build-metrics ## an environment for each tool, in build/

build-db build-spotify build-ai-context build-deps build-redis build-metrics: $(READY)
	rm -rf build/$(EXTRA)
	$(PYTHON) -m venv build/$(EXTRA)
	PYTHONPATH=deploy $(BIN)/python -m distribution.packages $(EXTRA) > build/$(EXTRA)/requirements.txt
	build/$(EXTRA)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r build/$(EXTRA)/requirements.txt
	PYTHONPATH=deploy $(BIN)/python -m distribution --no-wheelhouses --output build/$(EXTRA)/dist
	build/$(EXTRA)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps build/$(EXTRA)/dist/*.whl
	build/$(EXTRA)/bin/boombap $(EXTRA) --help > build/$(EXTRA)/help.txt
	@echo "build/$(EXTRA)/bin has $$(build/$(EXTRA)/bin/boombap --version) with the tool $(EXTRA)"

dist: $(READY) ## wheel, source archive, wheelhouses for four platforms, bills of materials, checksums, in dist/
	PYTHONPATH=deploy $(BIN)/python -m distribution

images: $(READY) ## an image for each tool, by docker, podman or buildah; `make dist` comes first
	$(BIN)/python deploy/images.py

chart: $(READY) ## check the Helm chart with helm and the schemas of Kubernetes, and the compose file
	$(BIN)/python deploy/chart_tools.py

lock: ## rewrite every requirements.txt (needs uv)
	uv export --quiet --format requirements-txt --all-extras --no-emit-project --no-header --no-annotate > requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file docs/requirements.txt docs/requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file tests/fuzz/requirements.txt tests/fuzz/requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file tests/flags/requirements.txt tests/flags/requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file deploy/chart/requirements.txt deploy/chart/requirements.in
	uv pip compile --quiet --no-deps --generate-hashes --no-header --no-annotate \
		--output-file deploy/chart/helm.txt deploy/chart/helm.in

clean: ## remove .venv and caches
	rm -rf .venv .venv-docs .venv-fuzz .venv-flagd site build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
