# Headroom on Debian 12: built in one image, run in another that has Torch and no compiler.
#   docker build -t headroom .
#   docker run --rm -v "$PWD:/work" headroom profile bert-base --device virtual:h100-80gb --out results
FROM debian:12-slim AS build
COPY . /headroom
WORKDIR /headroom
RUN scripts/setup
RUN cmake --preset release -DHEADROOM_TESTS=OFF && cmake --build --preset release
RUN cpack --config build/release/CPackConfig.cmake -G DEB -B /packages

FROM debian:12-slim
COPY --from=build /packages /packages
RUN apt-get update && \
    apt-get install -y --no-install-recommends python3 ca-certificates /packages/headroom_*.deb /packages/headroom-viewer_*.deb && \
    rm -rf /var/lib/apt/lists/* /packages && \
    headroom-setup-torch --system
WORKDIR /work
ENTRYPOINT ["headroom"]
