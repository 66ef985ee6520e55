# Transformers, Executed. `make` alone prints what there is. Everything is done by workshop/make.py, which also serves
# where there is no make: python -m workshop.make course
PYTHON ?= python3
export WORKSHOP_STARTED := 1

TARGETS := setup fetch course pdf lab study class test bench lint format notebooks lock environment carry canary doctor clean
.PHONY: help $(TARGETS)
.DEFAULT_GOAL := help

# Settings (VENV=, WHEELS=, TORCH_INDEX=, …) and a PYTHON= of yours reach it as environment variables; WORKSHOP_STARTED
# says that it runs in that Python already. PYTHON= is a program, whose path may hold spaces, or a program and options.
help $(TARGETS):
	@if command -v "$(PYTHON)" >/dev/null 2>&1; then exec "$(PYTHON)" -m workshop.make $@; fi; \
	exec $(PYTHON) -m workshop.make $@
