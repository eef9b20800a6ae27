# drillbook: what can be done here. `make` lists it.

GO       ?= go
FUZZTIME ?= 30s
TRIALS   ?= 1
PRODUCT  ?= postgres
HOST     ?= auto
OUT      ?= reports/out
SET      ?=
ONLY     ?=
DEBIAN   ?= bullseye
N        ?= 20000
SEED     ?= 1
KILLS    ?= 25
SHARD    ?=
PART     ?=
ATONCE   ?= 3
LINT     := $(GO) tool -modfile=tools/go.mod golangci-lint
RUN      := bin/drillbook run --yes --product $(PRODUCT) --host $(HOST) --out $(OUT) --trials $(TRIALS) \
            $(foreach s,$(SET),--set $(s))

.DEFAULT_GOAL := help
.PHONY: help build drill nightly versions interrupts endings environments scenarios kills cuts losses sheets screens chinese test elsewhere ssh check fix fmt-check lint unit mod-check report golden fuzz bench cut-cost selftest images image parallel swarm clean mutants oracle

help: ## list what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

build: ## build bin/drillbook
	$(GO) build -o bin/drillbook ./cmd/drillbook

drill: build ## carry out the smoke drills (PRODUCT= HOST= TRIALS= OUT= SET="name=value …")
	$(RUN)

nightly: build ## carry out all drills (the same settings), and look for passwords in all that they leave and print
	tools/nightly.sh $(OUT) $(RUN) --tier nightly

interrupts: ## interrupt every runbook after each of its steps
	DRILLBOOK_EVERY_STEP=1 $(GO) test -timeout 90m -run TestInterruptAfterSteps ./cmd/drillbook

endings: ## walk every way in which a run ends, at a terminal, a pipe and in CI: 90 runs
	DRILLBOOK_EVERY_OUTLET=1 $(GO) test -count=1 -timeout 90m -run TestEndings ./cmd/drillbook

environments: ## carry out every runbook in an empty environment and in one of a person's own: 100 drills, about an hour
	DRILLBOOK_EVERY_RUNBOOK=1 $(GO) test -count=1 -timeout 4h -v -run 'TestOwnEnvironment' ./cmd/drillbook

scenarios: ## carry out all scenarios under go test, and those whose outages are known
	DRILLBOOK_EVERY_SCENARIO=1 $(GO) test -count=1 -p 1 -timeout 2h \
		-run 'TestScenarios|TestReportsShowClientOutages|TestLostWritesAreMissed' ./scenarios/... ./cmd/drillbook
	DRILLBOOK_EVERY_SCENARIO=1 $(GO) test -count=1 -timeout 1h -run '^TestBehind$$' ./scenarios/iris
	for drill in pause behind forced order; do \
		IRIS_MISSED=$$drill $(GO) test -count=1 -timeout 1h -run '^TestMissed$$' ./scenarios/iris || exit 1; done
	DRILLBOOK_EVERY_SCENARIO=1 $(GO) test -count=1 -timeout 1h ./fixtures/iris

kills: ## kill every process of a DM8 group after every step (ONLY="takeover …"); PRODUCT=iris: KILLS=25 at random (SEED=), or KILLS=all (SHARD=i/n), ATONCE=3 at a time
ifeq ($(PRODUCT),iris)
	IRIS_KILLS=$(KILLS) IRIS_SHARD=$(SHARD) IRIS_ONLY="$(ONLY)" IRIS_SEED=$(if $(filter file,$(origin SEED)),,$(SEED)) \
		$(GO) test -count=1 -timeout 24h -parallel $(ATONCE) -v -run '^TestKills$$' ./scenarios/iris
else
	DRILLBOOK_EVERY_STEP=1 DM8_ONLY="$(ONLY)" $(GO) test -count=1 -timeout 24h -run TestKillsAfterSteps ./scenarios/dm8
endif

cuts: build ## IRIS: the eight cuts of a mirror's network 5 times, and the isolated primary 20 times
	bin/drillbook run iris/network-cut --yes --host $(HOST) --out $(OUT) --trials 5
	bin/drillbook run iris/network-cut --yes --host $(HOST) --out $(OUT) --trials 20 --set case=7

losses: ## IRIS: kill the primary 20 times with synchronous commit, which must lose nothing, and 20 times with the default
	IRIS_LOSSES=20 IRIS_COMMIT=sync $(GO) test -count=1 -timeout 24h -v -run '^TestLosses$$' ./scenarios/iris
	IRIS_LOSSES=20 IRIS_COMMIT=default $(GO) test -count=1 -timeout 24h -v -run '^TestLosses$$' ./scenarios/iris

sheets: ## print the sheets of all runbooks and golden cases, open them in LibreOffice, and look for what matters in 1,000 pages by chance
	DRILLBOOK_EVERY_SHEET=1 $(GO) test -count=1 -timeout 1h -v -run 'TestSheetsTakeTwoPages|TestOfficeOpens|TestExploredIsWhole' ./reports

screens: ## make the pictures of docs/: pages on a desk, a telephone and paper, light, dark and grey (SCREENS=folder)
	DRILLBOOK_SCREENS=$(abspath $(or $(SCREENS),docs)) $(GO) test -count=1 -timeout 1h -v -run '^TestScreens$$' ./reports

chinese: ## look for cells and lines without Chinese in the reports of the last run (LAST=folder)
	DRILLBOOK_TOLD=$(abspath $(or $(LAST),$(OUT)/latest)) $(GO) test -count=1 -run TestReportsAreChinese ./reports

mutants: ## take each thing out again that a test guards, and have that test fail (ONLY="name …" for some)
	MUTANTS="$(or $(ONLY),all)" $(GO) test -count=1 -timeout 4h -v -run '^TestMutants$$' .

test: ## run the tests: units, conformance, the scenarios of the smoke tier (PART=units, beside or alone: see tools/test.sh)
	@! docker info >/dev/null 2>&1 || $(MAKE) --no-print-directory images
	@tools/test.sh $(GO) $(PART)

elsewhere: build images ## try an engine that is not this machine's own: one in a container, reached over TCP
	tools/elsewhere.sh $(GO) test -count=1 -p 1 -run 'TestAddress|TestKillOfPublished|TestClientsOfPublished|TestPublishedPorts' \
		./harness/host/container ./harness/link/cut ./scenarios/elsewhere
	tools/elsewhere.sh bin/drillbook run --beside --yes --tier smoke --product postgres --out $(OUT)

ssh: ## try machines that stay and are reached by ssh: containers that a script has given an sshd
	DRILLBOOK_EVERY_SSH=1 $(GO) test -count=1 -timeout 1h ./harness/host/ssh
	DRILLBOOK_EVERY_SSH=1 $(GO) test -count=1 -timeout 1h -run "^TestAdopt" ./fixtures/postgres ./fixtures/dm8
	DRILLBOOK_EVERY_SSH=1 $(GO) test -count=1 -timeout 2h -run "^TestOwnCluster" ./cmd/drillbook

versions: export DRILLBOOK_DEBIAN = $(DEBIAN)
versions: build ## carry out all drills of PostgreSQL with the oldest version that is supported, 13 (DEBIAN=bookworm: 15)
	$(RUN) --tier nightly
	$(GO) test -count=1 ./harness/link/cut

# All that vet looks for is looked for by lint, too: tests leave it out.
check: fmt-check lint unit mod-check ## what CI checks; needs no engine

fmt-check:
	@out=$$($(LINT) fmt --diff) || { echo "$$out"; echo "run: make fix"; exit 1; }

lint:
	$(LINT) run

unit: # without those that need an engine; with the race detector
	$(GO) test -race -short -vet=off -shuffle=on -timeout 20m ./...

mod-check:
	$(GO) mod tidy -diff

fix: ## repair what can be repaired: format, lint, go.mod
	$(LINT) fmt
	$(LINT) run --fix
	$(GO) mod tidy

report: build ## measure the last run's records again and write its reports anew (LAST=folder)
	bin/drillbook report $(or $(LAST),$(OUT)/latest)

golden: ## rewrite the golden files and show what changed
	$(GO) test ./reports -update
	git diff --stat -- '*.golden.*'

fuzz: ## run every fuzz target for FUZZTIME
	@GO=$(GO) tools/fuzz.sh $(FUZZTIME)

cut-cost: ## time cuts in containers against those of an older tree (COMMIT=, CUTS=50); nothing may run beside it
	bench/cut-cost.sh $(COMMIT)

bench: build ## time the harness, and a drill against the bare commands
	bench/run.sh

selftest: ## drill the harness on databases that are known to be wrong (README=1: renew its table there)
	@mkdir -p bin && rm -f bin/selftest.txt
	@$(GO) test -count=1 -run '^TestHarness$$' ./harness/selftest -args -table $(CURDIR)/bin/selftest.txt $(if $(README),-readme) \
		>bin/selftest.log 2>&1; code=$$?; \
	if [ $$code != 0 ]; then cat bin/selftest.log; fi; \
	if [ -f bin/selftest.txt ]; then cat bin/selftest.txt; fi; exit $$code

oracle: ## hold drills by chance against the truth (N= drills, SEED= of the first; N=1 tells what happened)
	@mkdir -p bin && $(GO) test -c -o bin/selftest.test ./harness/selftest
	@bin/selftest.test -test.run '^TestOracle$$' -test.timeout 24h $(if $(filter 1,$(N)),-test.v) -n $(N) -seed $(SEED)

images: build ## build all images that drills run from
	bin/drillbook images --yes

image: build ## build the image of drillbook itself, drillbook/drillbook (IMAGE= another name)
	docker tag "$$(bin/drillbook images --itself | tail -n 1)" $(or $(IMAGE),drillbook/drillbook)

parallel: build images ## a table of what drills side by side cost: 16 drills, 1, 2, 4 and 8 at a time (N="1 2"); an hour
	DRILLBOOK_PARALLEL="$(if $(filter file,$(origin N)),1 2 4 8,$(N))" $(GO) test -count=1 -timeout 4h -v -run '^TestParallelTable$$' ./cmd/drillbook

swarm: images image ## carry out a night on two engines in containers that are joined to a Docker Swarm, and merge it
	tools/swarm.sh

clean: build ## remove what was built, the images, and what killed runs have left
	bin/drillbook heal
	bin/drillbook images --remove
	-docker rmi drillbook-elsewhere 2>/dev/null
	rm -rf bin
