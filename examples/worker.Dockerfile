# What every worker of a cluster runs: Beam's worker, ocrdata, and fonts and corpora of your own.
#
#   docker build -f examples/worker.Dockerfile -t ocrdata-worker .
#
# Start the launcher from the same image, so that Python, packages and paths are the same:
#
#   docker run --entrypoint ocrdata ocrdata-worker gen-pics --runner FlinkRunner ...

# The version of apache-beam of the launcher, and its Python.
ARG BEAM=2.77.0
FROM apache/beam_python3.11_sdk:${BEAM}

RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install --no-cache-dir "/src[beam]" && rm -rf /src

# Fonts, corpora and backgrounds under the paths that the options name:
# COPY my-fonts /fonts
