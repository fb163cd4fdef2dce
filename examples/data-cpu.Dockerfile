# Data only: rendering, importing, records, checks. No TensorFlow.
#   docker build -f examples/data-cpu.Dockerfile -t ocrdata:data .
#   docker run --rm -v "$PWD/data:/data/data" ocrdata:data gen-pics --data-dir /data/data
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libglib2.0-0 libgl1 \
 && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install --no-cache-dir /src && rm -rf /src
WORKDIR /data
ENTRYPOINT ["ocrdata"]
