"""The data stages on more than one machine."""
