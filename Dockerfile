# SPDX-License-Identifier: Apache-2.0
# The image: one program, the libraries that it loads, no shell.
#
#	docker build -t faultwire .
#	docker run --rm -p 8474:8474 faultwire
#	docker run --rm -v "$PWD/conf:/etc/faultwire:ro" faultwire run -c /etc/faultwire/faultwire.conf
#
# BASE is any Debian, 12 or later: it compiles, and lends its libraries.
# INTERCEPT=yes: an image that can make firewall rules, too (faultwire
# intercept), with the programs that it takes.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS build
COPY packaging/build-packages /src/packaging/
ARG INTERCEPT=
RUN /src/packaging/build-packages ${INTERCEPT:+nftables iproute2}
COPY . /src
RUN meson setup /build /src --buildtype=release -Dtests=false \
    && ninja -C /build faultwire \
    && /src/packaging/image-root /build/faultwire /image \
        ${INTERCEPT:+nft ip}

FROM scratch
LABEL org.opencontainers.image.title="faultwire" \
      org.opencontainers.image.description="A fault-injection proxy for TCP and HTTP" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image /
USER 65532:65532
EXPOSE 8474
STOPSIGNAL SIGTERM
# Where the API is elsewhere, say so by FAULTWIRE_CONTROL.
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s CMD ["/faultwire", "healthcheck"]
# Takes the flags of Toxiproxy's image, and faultwire's own commands.
ENTRYPOINT ["/toxiproxy"]
CMD ["-host=0.0.0.0"]
