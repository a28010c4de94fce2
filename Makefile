# Every command a developer needs. `make help` lists them.
export GOTOOLCHAIN := auto
export CGO_ENABLED ?= 1

OKSAI := cd codegen && go run ./cmd/oksai
TOOL  := go tool -modfile=codegen/tools/go.mod
BIN   := .oksai-bin

.PHONY: help generate check serve test test-api test-kafka test-servers bench lint fmt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

generate: ## write everything that comes from spec/, and the event store's statements
	$(OKSAI) generate --spec ../spec --out ..
	cd handwritten/runtime/eventstore && go tool -modfile=$(CURDIR)/codegen/tools/go.mod sqlc generate

check: ## check the specs and that the generated files are up to date
	$(OKSAI) generate --spec ../spec --out .. --check

serve: $(BIN) ## build and run all apps over one set of engines, or one (APP=platform-api)
	@go build -o $(BIN)/ ./handwritten/apps/$(or $(APP),...)
	@exec $(BIN)/$(if $(APP),$(APP) serve,launcher)

# Vet with the race detector's build too: what it compiles need not be compiled again.
# Never cached: end-to-end tests build and run programs, and those of deploy/ read files, that the cache does not see.
test: ## run every test, on real engines, with the race detector
	go vet -race ./...
	go test -race -count=1 -timeout 20m ./...
	cd codegen && go vet ./... && go test ./...
	cd deploy/tests && go vet ./... && go test -count=1 ./...

test-api: $(BIN) ## try all apps, or one (APP=…), against their OpenAPI documents (needs Python's venv)
	@go build -o $(BIN)/ ./handwritten/apps/...
	@.ci/test-api $(APP)

# What speaks to Kafka, from the relay alone to the whole app.
KAFKA_TESTS := $(addprefix ./handwritten/,runtime/outbox runtime/consume runtime/reaction runtime/service runtime/operations apps/demo-api)

test-kafka: ## run the integration and end-to-end tests against a real Apache Kafka (needs Maven and Java 17)
	OKSAI_TEST_KAFKA=real go test -count=1 -timeout 20m $(KAFKA_TESTS)

test-servers: ## follow a customer's whole life on real PostgreSQL, Kafka and Redis servers (needs redis-server too)
	OKSAI_TEST_KAFKA=real OKSAI_TEST_REDIS=real go test -count=1 -timeout 20m -run CustomersLife ./handwritten/apps/launcher

bench: ## measure, and print ratios taken in one run (ARGS='-quick' or '-only http,memory')
	@go run ./handwritten/internal/bench $(ARGS)

lint: ## vet, staticcheck and the vulnerability check
	go vet ./...
	$(TOOL) staticcheck ./handwritten/... ./sql/... ./openapi/... ./deploy/...
	cd codegen && go vet ./... && go tool -modfile=tools/go.mod staticcheck ./...
	cd deploy/tests && go vet ./... && go tool -modfile=../../codegen/tools/go.mod staticcheck ./...
	$(TOOL) govulncheck ./...

fmt: ## format the handwritten code
	gofmt -l -w handwritten codegen deploy

clean: ## remove built programs and the data of `make serve`
	rm -rf $(BIN) .oksai

$(BIN):
	@mkdir -p $@
