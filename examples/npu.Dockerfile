# Training on Ascend NPUs: an image of yours with CANN, its TF Adapter (npu_bridge), Python 3.7 and
# TensorFlow 1.15. Nothing of this can be downloaded without a licence, so the base is an argument.
#   docker build -f examples/npu.Dockerfile --build-arg BASE=my-cann-tf1:latest -t ocrdata:npu .
#   docker run --rm --device /dev/davinci0 --device /dev/davinci_manager ocrdata:npu \
#     train crnn --target npu --image-width 200
ARG BASE
FROM ${BASE}
COPY . /src
RUN pip install --no-cache-dir /src && rm -rf /src
WORKDIR /data
ENTRYPOINT ["ocrdata"]
