# make demo and make test set up whatever they need, in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: setup tools demo test check lint types format docs bench lock vendor screenshots clean

setup: $(READY)

$(READY): constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

tools:  ## what tests look at reports with, where it is missing: a browser, an office program, fonts (Debian, as root)
	for tool in chromium soffice pdftotext fc-list; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	test -z "$$missing" || { echo "missing:$$missing"; apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium libreoffice-calc \
	  poppler-utils fontconfig fonts-dejavu-core fonts-liberation >/dev/null; }

demo: $(READY)  ## check the sample orders, plan an infusion, run two nights, compare policies; files go to demo_reports/
	$(BIN)/ivigcheck batch sample_orders/clean_batch.csv
	mkdir -p demo_reports
	$(BIN)/ivigcheck batch sample_orders/messy_batch.csv --exit-zero \
	  -o demo_reports/messy_batch.html -o demo_reports/messy_batch.xlsx -o demo_reports/messy_batch.json \
	  -o demo_reports/messy_batch.csv
	$(BIN)/ivigcheck batch sample_orders/every_rule.xlsx --exit-zero
	$(BIN)/ivigcheck schedule --indication PI --weight "100 kg" --age 41 --product Bivigam --dose "0.8 g/kg" \
	  --max-rate "6 mg/kg/min" --screened --start 2026-11-22T22:00 --zone America/New_York
	$(BIN)/ivigcheck reaction --from sample_orders/reaction.json
	rm -f demo_reports/history.sqlite*
	$(BIN)/ivigcheck history init --history demo_reports/history.sqlite
	echo SAMPLE-PATIENT | $(BIN)/ivigcheck history confirm-thrombosis - --on 2026-01-14 --by AB \
	  --history demo_reports/history.sqlite
	echo SAMPLE-PATIENT | $(BIN)/ivigcheck order --patient - --history demo_reports/history.sqlite --exit-zero \
	  --indication PI --weight "82 kg" --age 40 --product Gamunex-C --max-rate "300 mL/h" --screened
	rm -rf demo_reports/nightly
	mkdir -p demo_reports/nightly/inbox demo_reports/nightly/quarantine demo_reports/nightly/reports
	$(BIN)/ivigcheck nightly example | sed 's/^settle_seconds.*/settle_seconds = 0/' > demo_reports/nightly/nightly.toml
	$(BIN)/ivigcheck history init --history demo_reports/nightly/history.sqlite
	cp sample_orders/clean_batch.csv demo_reports/nightly/inbox/monday.csv
	$(BIN)/ivigcheck nightly --config demo_reports/nightly/nightly.toml
	sed 's/345 mL\/h/445 mL\/h/' sample_orders/clean_batch.csv > demo_reports/nightly/inbox/tuesday.csv
	$(BIN)/ivigcheck nightly --config demo_reports/nightly/nightly.toml || test $$? -eq 1
	$(BIN)/ivigcheck status --config demo_reports/nightly/nightly.toml
	$(BIN)/ivigcheck policy check sample_orders/site_policy.toml
	$(BIN)/ivigcheck policy diff built-in sample_orders/site_policy.toml --on sample_orders/clean_batch.csv
	$(BIN)/ivigcheck template demo_reports/order_sheet.xlsx --force
	$(BIN)/ivigcheck guide -o demo_reports/guide.html --force

test: $(READY)  ## all tests
	$(BIN)/python -m pytest -n 2

check: lint types docs test  ## everything that must be green

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

docs: $(READY)  ## the generated parts of the guide are current
	$(BIN)/python tests/reference.py --check

format: $(READY)  ## put the code in form, and the generated parts of the guide
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tests/reference.py --write

coverage: $(READY)
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term-missing:skip-covered

bench: $(READY)  ## speed as ratios, measured in one run
	$(BIN)/python tests/bench/bench.py

lock:  ## constraints.txt anew: versions and hashes of everything that tests use
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet pip-tools
	$(VENV)-lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --no-strip-extras --extra test \
	  --all-build-deps --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
	  --output-file constraints.txt pyproject.toml
	rm -r $(VENV)-lock

vendor: $(READY)  ## the libraries in the HTML report are what their packages hold (needs npm)
	$(BIN)/python tests/vendor.py

screenshots: $(READY)  ## the guide's pictures anew, from the sample orders (needs what "make tools" installs)
	$(BIN)/python tests/screenshots.py

clean:
	rm -rf $(VENV) demo_reports
