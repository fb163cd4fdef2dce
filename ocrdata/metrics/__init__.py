"""Scores by the published protocols, without TensorFlow."""
