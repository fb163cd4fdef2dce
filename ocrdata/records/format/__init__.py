"""What a record and its files look like: bytes, schema, layouts, dataset_info.json."""
