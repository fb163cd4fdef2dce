"""Where training samples come from when there is more than one source, or no end to them."""
