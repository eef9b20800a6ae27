#!/usr/bin/env bash
# Builds the image of drillbook itself on the engine that DOCKER_HOST names.
#
# usage: tools/image.sh NAME [GO]
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
go=${2:-go}
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
arch=$(docker version --format '{{.Server.Arch}}')
CGO_ENABLED=0 GOOS=linux GOARCH=$arch "$go" build -trimpath -o "$context/drillbook" ./cmd/drillbook
cp tools/image/Dockerfile "$context"
docker build -q -t "$name" "$context" >/dev/null
echo "image $name"
