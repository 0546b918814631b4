#!/usr/bin/env bash
# Every check of the project, in the order in which they fail fastest.
# `bash .ci/check.sh` runs all of them; name steps to run only those.
set -euo pipefail
cd "$(dirname "$0")/.."

# Pinned here, since it is no dependency of the program.
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.1
fuzz_seconds=${FUZZ_SECONDS:-1}

step_format() {
  local bad
  bad=$(gofmt -l cmd internal tiles migrations static/*.go .ci)
  [ -z "$bad" ] || { echo "run gofmt -w on: $bad" >&2; return 1; }
}

step_vet() { go vet ./...; }

step_staticcheck() { go run "$staticcheck" ./...; }

step_imports() { go run ./.ci/imports.go; }

# say_untested names what tests skip here; go test is silent about it. With CI set
# they fail instead.
say_untested() {
  [ -z "${CI:-}" ] || return 0
  [ "$(id -u)" = 0 ] || echo "NOT TESTED HERE: full disks; only root may mount a small one" >&2
  command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
    [ -n "${STREETSAFE_TEST_POSTGRES_URL:-}" ] || echo "NOT TESTED HERE: PostgreSQL, replicas, moving between stores; install postgresql-15" >&2
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || echo "NOT TESTED HERE: docs/nginx.conf; install nginx-light" >&2
}

# The program's own tests kill, stall and restart databases and servers within
# bounded times: they have the machine to themselves.
step_test() {
  say_untested
  local alone=./cmd/streetsafe
  go list ./... | grep -vxF "$(go list "$alone")" | xargs go test -race
  go test -race "$alone"
}

# A short run of every fuzz test: the long ones are for a developer who has
# changed a parser. Linking takes longer than the run, so a package is linked once.
step_fuzz() {
  local package work name
  work=$(mktemp -d)
  grep -rl --include='*_test.go' '^func Fuzz' cmd internal tiles | xargs -n 1 dirname | sort -u | while read -r package; do
    go test -c -fuzz=Fuzz -o "$work/fuzz.test" "./$package"
    grep -ohP '^func \KFuzz\w+' "$package"/*_test.go | while read -r name; do
      echo "fuzz $package $name"
      (cd "$package" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$name\$" -test.fuzztime "${fuzz_seconds}s" -test.fuzzcachedir "$work/found" </dev/null)
    done
  done
  rm -rf "$work"
}

step_node() {
  (cd static && npm ci --silent --no-audit --no-fund && npm test)
}

# The real program in a real browser.
step_browser() {
  local work pid url
  work=$(mktemp -d)
  go build -o "$work/streetsafe" ./cmd/streetsafe
  mkdir "$work/tmp" "$work/log"
  TMPDIR=$work/tmp "$work/streetsafe" demo --data "$work/data" --listen 127.0.0.1:0 --log-level debug >"$work/out" 2>"$work/log/err" &
  pid=$!
  # shellcheck disable=SC2064
  trap "kill $pid 2>/dev/null || true; rm -rf '$work'" EXIT
  for _ in $(seq 600); do
    url=$(grep -oP 'listening on \K\S+' "$work/out" || true)
    [ -n "$url" ] && break
    kill -0 "$pid" || { cat "$work/log/err" >&2; return 1; }
    sleep 0.1
  done
  [ -n "$url" ] || { echo "the demo did not start within a minute" >&2; cat "$work/log/err" >&2; return 1; }
  (cd static && { [ -d node_modules ] || npm ci --silent --no-audit --no-fund; } && export STREETSAFE_URL=$url STREETSAFE_BIN=$work/streetsafe && { npm run --silent test:browser || { echo "once more: what a busy machine made too slow must pass now"; npm run --silent test:browser; }; })
  # What the form's tests gave away of themselves, in the store and its log while
  # it runs, in temporary files and in the log of the program.
  local found=(go run ./.ci/traces.go -text HeadlessChrome -text Mozilla/5 -address 127.0.0.1 -point 51.515537,-0.092283 "$work/tmp" "$work/log")
  "${found[@]}" "$work"/data/streetsafe.db*
  kill -TERM "$pid"
  wait "$pid"
  "${found[@]}" "$work"/data/streetsafe.db*
  if grep -E 'level=(WARN|ERROR)' "$work/log/err"; then
    echo "the log of the demo has warnings or errors" >&2
    return 1
  fi
}

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(format imports vet staticcheck test fuzz node browser)
for s in "${steps[@]}"; do
  echo "== $s"
  "step_$s"
done
echo "all checks passed: ${steps[*]}"
