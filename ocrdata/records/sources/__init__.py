"""Where records come from: sample lists, folders, archives, other shard sets."""
