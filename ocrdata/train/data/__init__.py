"""What becomes a batch: record files, folders and archives to images and labels."""
