"""From samples to a shard set: the plan, the workers, the finished folder."""
