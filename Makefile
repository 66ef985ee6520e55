# Transformers, Executed. `make` alone prints what there is. Everything is done by workshop/make.py, which also serves
# where there is no make: python -m workshop.make course
PYTHON ?= python3

TARGETS := setup fetch course pdf lab study class test bench lint format notebooks lock environment carry canary doctor clean
.PHONY: help $(TARGETS)
.DEFAULT_GOAL := help

# Settings (VENV=, WHEELS=, TORCH_INDEX=, …) and a PYTHON= of yours reach it as environment variables.
help $(TARGETS):
	@$(PYTHON) -m workshop.make $@
