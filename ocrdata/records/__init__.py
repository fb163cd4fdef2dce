"""Samples to TFRecord shards and back, without TensorFlow."""
