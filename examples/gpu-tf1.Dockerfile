# Training on GPUs with TensorFlow 1.15: its own wheels need CUDA 10.0 and know no card newer than
# Turing; NVIDIA's image has 1.15.5 for newer ones (Python 3.8). Installed without the `train`
# extra, so that the image's TensorFlow stays.
#   docker build -f examples/gpu-tf1.Dockerfile -t ocrdata:gpu-tf1 .
FROM nvcr.io/nvidia/tensorflow:23.03-tf1-py3
COPY . /src
RUN pip install --no-cache-dir /src && rm -rf /src
WORKDIR /data
ENTRYPOINT ["ocrdata"]
