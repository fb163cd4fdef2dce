"""Trained networks at work: restoring, evaluating, predicting."""
