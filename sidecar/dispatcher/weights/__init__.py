"""Where model files come from: a small catalogue, verified downloads, one folder."""
