"""What every stage shares: samples, output directories, parallelism, random streams, registries."""
