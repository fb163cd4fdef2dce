"""OCR data sets from fonts, corpora and real annotations, and the TFRecord pipeline behind them."""

__version__ = "0.1.0"
