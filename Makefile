# Short names. Each prepares the machine (scripts/bootstrap), then calls a CMake preset or a script.
# SPDX-License-Identifier: Apache-2.0

.PHONY: help build run test verify lint bench capabilities sizes fuzz firmware firmware-run format clean
.DEFAULT_GOAL := help

HOST = scripts/preset host

help:
	@echo "make build      build everything for this machine; the command is build/host/quadrant"
	@echo "make run        build and start a virtual meter; ARGS='mini --speed 60' goes to quadrant run"
	@echo "make test       lint, build, unit and vector tests, short system tests (STAGES='unit lint' picks some)"
	@echo "make verify     every stage, long ones too; writes docs/verification.md"
	@echo "make lint       the gates: layers, symbols, names, lengths, format, static analysis"
	@echo "make bench      measure, and write docs/benchmarks.md (BENCH='get step' picks some)"
	@echo "make capabilities  write what the models declare: docs/capabilities-*.md, tests/conformance/*.cap"
	@echo "make sizes      code and data of every library against its budget"
	@echo "make fuzz       fuzz every target for FUZZ_SECONDS (default 60) each"
	@echo "make firmware   build the images for a Cortex-M4"
	@echo "make firmware-run  run one in QEMU; ARGS='mini LOAD.csv' goes to scripts/qemu"
	@echo "make format     let clang-format rewrite the C files"
	@echo "make clean      remove build/"

build:
	@scripts/bootstrap run
	@$(HOST)

run:
	@scripts/bootstrap run
	@$(HOST) quadrant
	@exec build/host/quadrant run $(ARGS)

test:
	@scripts/bootstrap test
	@scripts/stage test $(STAGES)

verify:
	@scripts/bootstrap test
	@scripts/stage verify $(STAGES)

lint:
	@scripts/bootstrap test
	@scripts/lint/run

bench:
	@scripts/bootstrap test
	@$(HOST)
	@python3 bench/run.py $(BENCH)

capabilities:
	@scripts/bootstrap run
	@$(HOST)
	@scripts/capabilities

sizes:
	@scripts/bootstrap run
	@$(HOST)
	@scripts/sizes

fuzz:
	@scripts/bootstrap test
	@scripts/preset fuzz
	@scripts/fuzz $(FUZZ_SECONDS)

firmware:
	@scripts/bootstrap firmware
	@scripts/preset cortex-m4
	@scripts/sizes

firmware-run:
	@scripts/bootstrap firmware
	@$(HOST) mps2_feeder
	@scripts/preset cortex-m4
	@exec scripts/qemu $(ARGS)

format:
	@scripts/bootstrap test
	@scripts/lint/format.py --write

clean:
	rm -rf build
