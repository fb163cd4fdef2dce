"""Encoded images: their headers, decoding, encoding and fitting to a size."""
