# The machine of .devcontainer/devcontainer.json: Python, make and git; `make install` does the rest.
FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make procps iproute2 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --shell /bin/bash learner
USER learner
