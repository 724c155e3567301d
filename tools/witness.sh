#!/usr/bin/env bash
# Clients and a service that we did not write, against the sandbox: azure-cli (about 700 MB from the Python index)
# runs 'az acr build' and 'az acr login', azurite (npm) answers the same blob calls beside it. Opt-in: make witness.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
kept="${XDG_CACHE_HOME:-$HOME/.cache}/azureml-image-dev/witness"
work="$(mktemp -d)"
sandbox='' azurite=''
finish() {
  [ -z "$azurite" ] || kill "$azurite" 2>/dev/null || true
  [ -z "$sandbox" ] || { kill "$sandbox" && wait "$sandbox"; } 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

mkdir -p "$kept"
[ -x "$kept/az/bin/az" ] || { "$python" -m venv "$kept/az" && "$kept/az/bin/python" -m pip install --quiet azure-cli; }
mkdir -p "$kept/azurite" && [ -e "$kept/azurite/package.json" ] || echo '{"private": true}' >"$kept/azurite/package.json"
[ -d "$kept/azurite/node_modules/azurite" ] || npm install --silent --no-audit --no-fund --prefix "$kept/azurite" azurite

eval "export $(make -s engine)"
"$python" -c 'import os; from tools import base_image; base_image.provide_tiny(os.environ["DOCKER_HOST"])'
"$python" -m jupyter_azureml_image.sandbox --state "$work/state" --port-file "$work/port.json" & sandbox=$!
for _ in $(seq 600); do [ -e "$work/port.json" ] && break; kill -0 "$sandbox"; sleep 0.1; done
said() { "$python" -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/port.json" "$1"; }

echo "== azure-cli"
mkdir "$work/context"
printf 'FROM azureml-image-test/busybox\nRUN echo built for the witness\nCOPY file /file\n' >"$work/context/Dockerfile"
echo content >"$work/context/file"
az() {
  env -u NO_PROXY -u no_proxy -u AZUREML_CURRENT_CLOUD HTTPS_PROXY="$(said proxy)" https_proxy="$(said proxy)" \
    REQUESTS_CA_BUNDLE="$(said ca_file)" AZURE_CONFIG_DIR="$work/az" AZURE_CORE_COLLECT_TELEMETRY=0 \
    "$kept/az/bin/az" "$@"
}
az login --service-principal --username 44444444-4444-4444-4444-444444444444 --password "$(said token)" \
  --tenant 5a4db000-0000-4000-8000-000000000002 --output none
az acr build --registry sandboxregistry --image witness/demo:1 "$work/context" | tee "$work/build.log"
grep -q 'built for the witness' "$work/build.log"
grep -q 'was successful after' "$work/build.log"
az acr login --name sandboxregistry --expose-token --output json >"$work/login.json"
"$python" -c 'import json,sys; d = json.load(open(sys.argv[1])); assert d["accessToken"].count(".") == 2, d; print("login:", d["loginServer"])' "$work/login.json"

echo "== azurite"
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$kept/azurite/node_modules/.bin/azurite-blob" --silent --skipApiVersionCheck --disableTelemetry \
  --location "$work/azurite" --blobHost 127.0.0.1 --blobPort "$port" & azurite=$!
for _ in $(seq 300); do "$python" -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null && break; sleep 0.2; done
"$python" -m tools.witness_blob "$work/port.json" "http://127.0.0.1:$port/devstoreaccount1"
