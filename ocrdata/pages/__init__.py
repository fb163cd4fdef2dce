"""Self-contained HTML pages: a data set, a training run. No network, no other file."""
