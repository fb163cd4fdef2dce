"""Several processes as one training run: TF_CONFIG, launching, coordination."""
