# Two commands are enough: `make chat` and `make test`. Everything is installed into .venv, nothing elsewhere.

SHELL := /bin/bash
BIN := .venv/bin
CHAT_OPTIONS ?=
PARTS ?=
PYTHON ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help chat venv test test-deps test-deps-if-root soak bench lint format clean

help:
	@echo "make chat       set up and serve a chat on http://127.0.0.1:8080/ (CHAT_OPTIONS='--http tcp:9000' to change)"
	@echo "make test       run all that can run here and say what did not (PARTS='unit contract' for some)"
	@echo "make test-deps  install with apt what the tests use and this machine lacks"
	@echo "make soak       the long tests"
	@echo "make bench      figures against node's sockjs, and of long logs"
	@echo "make lint       style, types, imports;  make format  let ruff write the style"
	@echo "make venv       .venv with everything for development"

chat: .venv/run.stamp
	@exec $(BIN)/twistd -n --pidfile= chat $(CHAT_OPTIONS)

venv: .venv/test.stamp

test: .venv/test.stamp test-deps-if-root
	@$(BIN)/python tools/run_tests.py $(PARTS)

test-deps:
	@tools/test_deps.sh

test-deps-if-root:
	@tools/test_deps.sh --if-root

soak: .venv/test.stamp
	@$(BIN)/python tools/run_tests.py soak

bench: .venv/test.stamp
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.depth

lint: .venv/test.stamp
	@$(BIN)/python tools/run_tests.py lint types imports es3 dts

format: .venv/test.stamp
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean:
	rm -rf .venv var build dist

.venv/bin/python:
	@PYTHON="$(PYTHON)" tools/make_venv.sh .venv

.venv/run.stamp: pyproject.toml | .venv/bin/python
	@echo "installing what the chat needs into .venv"
	@$(PIP) -e .
	@touch $@

.venv/test.stamp: pyproject.toml | .venv/bin/python
	@echo "installing what development and tests need into .venv"
	@$(PIP) -e '.[test]'
	@touch .venv/run.stamp $@
