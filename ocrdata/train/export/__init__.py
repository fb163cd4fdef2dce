"""Trained networks for use elsewhere: SavedModel and ONNX."""
