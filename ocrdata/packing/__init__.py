"""Tar packs: pictures and their text files in one archive, and back."""
