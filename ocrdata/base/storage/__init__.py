"""Files and folders, here or on other machines: staging, archives, journals, URLs."""
