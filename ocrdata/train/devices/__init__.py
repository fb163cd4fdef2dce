"""Where a model runs: CPU, GPUs, Ascend NPUs; replicas and loss scale."""
