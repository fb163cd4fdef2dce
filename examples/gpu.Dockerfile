# Training on GPUs with the current TensorFlow; the wheels bring CUDA, the host its driver.
#   docker build -f examples/gpu.Dockerfile -t ocrdata:gpu .
#   docker run --rm --gpus all -v "$PWD:/data" ocrdata:gpu train crnn --num-gpus 2
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libglib2.0-0 libgl1 \
 && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install --no-cache-dir "/src[train]" "tensorflow[and-cuda]" && rm -rf /src
WORKDIR /data
ENTRYPOINT ["ocrdata"]
