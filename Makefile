# `make` lists the targets. Every target may be run first on a fresh machine; `setup` installs what is missing.
.DEFAULT_GOAL := help
.PHONY: help setup demo wheel test numba-tests bench gpu-check check

# One profile (dev) and all default members everywhere, so that the demo and the tests share every built crate.
BINARIES := $(or $(CARGO_TARGET_DIR),target)/debug
VENV := target/venv
# Where the demo writes its pictures, and further arguments for it: make demo DEMO="--quick --device cpu"
OUT ?= out
DEMO ?=
# Arguments for the benchmarks: make bench BENCH="--rows f,saxpy --peers numbra,numba"
BENCH ?=
# What tools/setup found: LLVM's prefix, ptxas. A variable set by the caller wins (setup wrote it down then).
ENVIRONMENT := set -a && . target/tools/environment && set +a &&

help: ## this list
	@echo 'usage: make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what is missing: LLVM 22, software Vulkan, spirv-tools, ptxas, Python tools
	@tools/setup

demo: setup ## build, then run the demo programs on every device here; pictures go to out/
	@$(ENVIRONMENT) cargo build
	@$(ENVIRONMENT) $(BINARIES)/numbra demo --out $(OUT) $(DEMO)

wheel: setup ## the Python package with LLVM in it; goes to target/wheels/
	@$(ENVIRONMENT) tools/wheel

test: setup ## all tests: cargo test, then pytest with the wheel
	@$(ENVIRONMENT) cargo test
	@$(ENVIRONMENT) tools/wheel
	@$(ENVIRONMENT) $(VENV)/bin/python -m pytest -q tests/python

numba-tests: wheel ## Numba's own tests, run with numbra in its place; writes docs/compatibility.md (minutes)
	@$(or $(PYTHON),python3) tools/numba-tests target/wheels/numbra-*.whl

bench: wheel ## numbra beside its peers from PyPI, in one run; table and picture go to out/
	@$(or $(PYTHON),python3) benches/prepare.py target/benches target/wheels/numbra-*.whl
	@target/benches/bin/python benches/run.py --out $(OUT)/bench $(BENCH)

gpu-check: wheel ## the archive that checks and measures machines with an NVIDIA GPU, tried on what is here
	@$(ENVIRONMENT) tools/gpu-check build --wheel target/wheels/numbra-*.whl
	@$(ENVIRONMENT) NUMBRA_GPU_CHECK_ARCHIVE=target/gpu-check/numbra-gpu-check.tar.xz $(VENV)/bin/python -m pytest -q tests/python/test_gpu_check.py

check: setup ## formatting and lints, warnings are errors
	cargo fmt --all --check
	@$(ENVIRONMENT) cargo clippy --workspace --all-targets -- -D warnings
