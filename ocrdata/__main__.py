"""Runs the command line with `python -m ocrdata`."""

from ocrdata.cli import main

if __name__ == "__main__":
    main()
