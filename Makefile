# Everything that a fresh Debian 12 with Rust needs: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

HOST := $(shell rustc -vV | sed -n 's/^host: //p')
OUT := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/$(HOST)
export ROUTELET_BIN ?= $(OUT)/release/routelet
export DEMO_FRR DEMO_EXIT

# Tests in the lab wait for most of their time: three of them keep two processors busy.
TEST_THREADS := $(shell echo $$(( $$(nproc) * 3 / 2 )))

.PHONY: help build tools apiserver demo test matrix bench scale faults crds lint

help: ## Print this list.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## Build the agent: one static binary.
	cargo build --locked --release -p routelet
	@ls -l $(ROUTELET_BIN)

tools: ## Install what the lab needs (Debian packages).
	tests/scripts/install-tools.sh

apiserver: tools ## Build the lab's Kubernetes API server into the cache, once (minutes).
	tests/scripts/kube-apiserver.sh

demo: tools build ## The main job on real FRR; DEMO_FRR=7.5.1|8.4.4|10.3|10.7, DEMO_EXIT=1.
	cargo build --locked -p routelet-tests --bin demo
	$(OUT)/debug/demo

test: tools ## Unit, golden and lab tests.
	$(MAKE) -j2 build apiserver
	RUST_TEST_THREADS=$(or $(RUST_TEST_THREADS),$(TEST_THREADS)) cargo test --locked --workspace

matrix: tools build ## Every change of policy at every kind of peer, as tables in target/matrix.md; ROUTELET_MATRIX_VERSIONS, _CELLS, _CLEAR.
	ROUTELET_MATRIX=$(or $(ROUTELET_MATRIX),full) \
	  cargo test --locked -p routelet-tests --test lab -- matrix:: --nocapture --test-threads 2

faults: tools build ## Histories of edits and faults on real FRR: FAULTS=70 on each version, FAULTS_SEED=N the first.
	ROUTELET_FAULTS=$(or $(FAULTS),70) ROUTELET_FAULTS_SEED=$(or $(FAULTS_SEED),0) \
	  cargo test --locked -p routelet-tests --test lab -- faults::histories --nocapture --test-threads 2

bench: tools build ## Times of merge, plan and applies, beside those of FRR's own tools; ROUTELET_BENCH="8.4.4:3x0 10.7:kernel".
	cargo bench --locked -p routelet-tests --bench merge_plan
	cargo bench --locked -p routelet-tests --bench apply

scale: apiserver ## What the agents of 5000 nodes cost a real API server (a quarter of an hour); ROUTELET_SCALE_NODES=500.
	cargo bench --locked -p routelet-tests --bench kube_scale

crds: ## Write the definitions of the custom resources, after a change of what is reported.
	cargo run --locked -q -p routelet -- crd >deploy/crds/routelet.io.yaml

lint: ## Format and lints, as CI wants them.
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
