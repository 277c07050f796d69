# make build       bin/eshost
# make wasm        bin/counter-LANGUAGE.wasm and bin/order-LANGUAGE.wasm, the reference plugins
# make toolchains  on Debian and Ubuntu, installs what the languages need; elsewhere says what is missing
# make check       format, vet, lint, tidy, generated files, clean tree, in all languages
# make test        every test, with the race detector, in all languages
# make soak        the long versions of the tests
# make bench       the benchmarks

GO         ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The modules of the workspace. A plugin author does not inherit the host's dependencies.
MODULES     = . guest-sdk/go plugins/counter/go plugins/order/go
GUESTS      = guest-sdk/go plugins/counter/go plugins/order/go
CRATES      = guest-sdk/rust plugins/counter/rust plugins/order/rust
NPM         = guest-sdk/assemblyscript plugins/counter/assemblyscript
PLUGINS     = counter-go counter-rust counter-assemblyscript counter-c order-go order-rust
VERSION    := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# Cargo's targets are shared: the SDK is compiled once.
export CARGO_TARGET_DIR ?= $(CURDIR)/bin/cargo

.PHONY: build wasm toolchains generate soak bench
.PHONY: check check-go check-rust check-assemblyscript check-c test test-go test-rust test-assemblyscript test-c

build:
	$(GO) build -trimpath -ldflags='-X main.version=$(VERSION)' -o bin/eshost ./cmd/eshost

# What cannot be built is said, and does not keep the others from being built.
wasm: build
	@failed=; for p in $(PLUGINS); do \
		bin/eshost plugin build plugins/$${p%-*}/$${p##*-} -o bin/$$p.wasm --no-check || failed="$$failed $$p"; done; \
	test -z "$$failed" || { echo "not built:$$failed" >&2; exit 1; }

toolchains:
	@.ci/toolchains

generate:
	$(GO) generate ./...

check: toolchains check-go check-rust check-assemblyscript check-c
	$(GO) generate ./...
	@changed=$$(git status --porcelain); test -z "$$changed" || { echo "the tree is not clean:"; echo "$$changed"; git diff | head -50; exit 1; }

check-go:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; }
	@for os in linux darwin windows; do for m in $(MODULES); do \
		echo "vet $$m for $$os"; (cd $$m && CGO_ENABLED=0 GOOS=$$os $(GO) vet ./...) || exit 1; done; done
	@for m in $(GUESTS); do echo "vet $$m for wasip1"; (cd $$m && GOOS=wasip1 GOARCH=wasm $(GO) vet .) || exit 1; done
	@for m in $(MODULES); do echo "staticcheck $$m"; (cd $$m && $(GO) run $(STATICCHECK) ./...) || exit 1; done
	GOWORK=off $(GO) mod tidy -diff
	cd guest-sdk/go && GOWORK=off $(GO) mod tidy -diff

check-rust:
	@for c in $(CRATES); do echo "cargo fmt and clippy $$c"; (cd $$c && cargo fmt --check && cargo clippy -q --all-targets -- -D warnings) || exit 1; done

check-assemblyscript: $(NPM:%=%/node_modules)
	@for p in $(NPM); do echo "npm run check $$p"; (cd $$p && npm run -s check) || exit 1; done

check-c:
	@$(MAKE) -C guest-sdk/c check

test: toolchains wasm test-go test-rust test-assemblyscript test-c

test-go:
	@for m in $(MODULES); do echo "test $$m"; (cd $$m && $(GO) test -race -count=1 -timeout 40m ./...) || exit 1; done

test-rust:
	@for c in $(CRATES); do echo "cargo test $$c"; (cd $$c && cargo test -q) || exit 1; done

test-assemblyscript: $(NPM:%=%/node_modules)
	@for p in $(NPM); do echo "npm test $$p"; (cd $$p && npm test -s) || exit 1; done

test-c:
	@$(MAKE) -C guest-sdk/c test
	@$(MAKE) -C plugins/counter/c test

%/node_modules: %/package.json
	cd $* && npm install --no-audit --no-fund
	@touch $@

soak: wasm
	@for m in $(MODULES); do echo "soak $$m"; (cd $$m && ESHOST_SOAK=1 ESHOST_SOAK_CALLS=10000000 $(GO) test -count=1 -timeout 4h ./...) || exit 1; done

bench: wasm
	$(GO) test -run='^$$' -bench=. -benchtime=1s ./abi ./stores/... ./host/...
	bin/eshost bench
	bin/eshost bench --entities 1 --inflight 1024 --events 1000000
	bin/eshost bench --entities 100000 --events 10 --concurrency 4096
	bin/eshost bench --entities 100000 --events 10 --concurrency 4096 --plugin bin/counter-rust.wasm
