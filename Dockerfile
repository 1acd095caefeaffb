# The agent alone, on an empty base: an init container copies it to where FRR's image runs it.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cargo build --locked --profile image -p routelet \
 && cp target/*/image/routelet /routelet

FROM scratch
LABEL org.opencontainers.image.title="routelet" \
      org.opencontainers.image.description="A kubelet for routes: drives FRRouting on a Kubernetes node" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /routelet /routelet
ENTRYPOINT ["/routelet"]
