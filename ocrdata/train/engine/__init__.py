"""The training loop: step, hooks, optimizers, checkpoints, TensorBoard."""
