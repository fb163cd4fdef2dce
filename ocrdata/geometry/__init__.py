"""Polygons in pictures; NumPy and OpenCV only."""
